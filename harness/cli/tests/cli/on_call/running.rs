//! `tail` beside a real Envoy, which writes the log that it follows.

use std::io::{BufRead, BufReader, Read};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use peerwarden_lab::certificates::{Authority, Certificate};
use peerwarden_lab::client::http::{self, Version};
use peerwarden_lab::client::{Caller, ClientRequest};
use peerwarden_lab::config::{Port, ServerTls};
use peerwarden_lab::envoy::{Envoy, Launch};
use peerwarden_lab::locate;
use peerwarden_lab::upstream::HttpEcho;
use serde_json::json;

use crate::fixture::{Folder, ORDERS};

/// The longest that a line may take: `tail` looks five times a second.
const PATIENCE: Duration = Duration::from_secs(20);

/// A command that runs until it is dropped, and its lines.
struct RunningCommand {
    child: Child,
    out: Receiver<String>,
    err: Receiver<String>,
}

impl RunningCommand {
    fn start(folder: &Folder, arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_peerwarden"))
            .args(arguments)
            .current_dir(folder.path("."))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (out, err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        Self {
            child,
            out: lines(out),
            err: lines(err),
        }
    }

    /// Reads until a line has this text, and gives all that was read.
    fn until(lines: &Receiver<String>, text: &str) -> String {
        let mut read = String::new();
        while !read.contains(text) {
            match lines.recv_timeout(PATIENCE) {
                Ok(line) => read = read + &line + "\n",
                Err(why) => panic!("`{text}` does not come ({why}) after: {read}"),
            }
        }
        read
    }
}

impl Drop for RunningCommand {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn lines(from: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

/// `render inbound` for `ORDERS`, on this port, with certificates and a log in the folder.
fn rendered(folder: &Folder, authority: &Authority, port: &Port, upstream: SocketAddr) -> String {
    let certificate = Certificate::spiffe("spiffe://cluster.local/ns/shop/sa/orders").dns(ServerTls::NAME);
    let identity = authority.issue(certificate).unwrap();
    folder.write("cert-chain.pem", identity.certificate_pem());
    folder.write("key.pem", identity.key_pem());
    folder.write("root-cert.pem", authority.pem());
    let description = json!({
        "workload": {"namespace": "shop", "serviceAccount": "orders"},
        "module": locate::module().unwrap(),
        "certificates": {"directory": folder.path(".")},
        "address": "127.0.0.1",
        "admin": "127.0.0.1:0",
        "accessLog": folder.path("access.log"),
        "ports": [{"port": port.number(), "protocol": "HTTP", "upstream": upstream.to_string()}],
    });
    folder.write("inbound.yaml", description.to_string());
    // As it is: what a folder runs has other names for paths of this machine.
    let ran = Command::new(env!("CARGO_BIN_EXE_peerwarden"))
        .args(["render", "inbound", "inbound.yaml", "--policies", "policies"])
        .current_dir(folder.path("."))
        .output()
        .unwrap();
    assert!(ran.status.success(), "{ran:?}");
    String::from_utf8(ran.stdout).unwrap()
}

#[tokio::test]
async fn tail_follows_the_log_that_an_envoy_writes() {
    let folder = Folder::with(&[("policies/orders.yaml", ORDERS)]);
    let authority = Authority::new("cluster.local").unwrap();
    let caller = |uri: &str| {
        let identity = authority.issue(Certificate::spiffe(uri)).unwrap();
        Caller::workload(&authority, &identity).unwrap()
    };
    let frontend = caller("spiffe://cluster.local/ns/web/sa/frontend");
    let backend = caller("spiffe://cluster.local/ns/web/sa/backend");
    let (port, application) = (Port::reserve().unwrap(), HttpEcho::start().await.unwrap());
    let yaml = rendered(&folder, &authority, &port, application.address());
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port.number()));
    let envoy = Envoy::launch(Launch::yaml(yaml)).await.unwrap();
    let status = async |caller: &Caller, ask| {
        let reply = http::once(address, caller, Version::Http1, ask).await;
        reply.unwrap().status
    };
    // What was there before `tail` began is not shown.
    assert_eq!(status(&backend, ClientRequest::get("/orders/before")).await, 403);
    while !std::fs::read_to_string(folder.path("access.log"))
        .unwrap_or_default()
        .contains("before")
    {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let url = format!("http://{}", envoy.admin_address());
    let tail = RunningCommand::start(&folder, &["tail", "--envoy", &url, "access.log"]);
    RunningCommand::until(&tail.err, "following access.log");

    assert_eq!(
        status(&frontend, ClientRequest::get("/orders/allowed")).await,
        200
    );
    assert_eq!(status(&backend, ClientRequest::get("/orders/1")).await, 403);
    let shown = RunningCommand::until(&tail.out, "sa/backend\"");
    for text in [
        "/orders/1",
        "near miss: ALLOW shop/orders[0]",
        "`principals: cluster.local/ns/web/sa/frontend`",
    ] {
        assert!(shown.contains(text), "{text}: {shown}");
    }
    for text in ["before", "allowed"] {
        assert!(!shown.contains(text), "{text}: {shown}");
    }
    assert_eq!(status(&frontend, ClientRequest::post("/orders/2")).await, 403);
    let shown = RunningCommand::until(&tail.out, "methods: GET");
    assert!(shown.contains("POST"), "{shown}");
    // The same once more takes one line.
    assert_eq!(status(&backend, ClientRequest::get("/orders/1")).await, 403);
    RunningCommand::until(&tail.out, "denied 2 times");
}
