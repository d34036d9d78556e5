//! 1. Mutual TLS switched on and off in a running Envoy, under load.
//!
//! Two kinds of clients ask all the time: by mutual TLS, which every step admits, and in plaintext, which STRICT does not. The
//! documents change, `peerwarden render inbound` writes the files anew, and Envoy takes them in.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use peerwarden_envoy::render::inbound::Inbound;
use peerwarden_lab::client::{Ask, Caller, http};
use peerwarden_lab::config::Port;
use peerwarden_lab::envoy::{Envoy, Launch};
use peerwarden_lab::upstream::HttpEcho;
use serde_json::json;
use tokio::task::JoinHandle;

use crate::entry::{Entry, Evidence};
use crate::stage::{Outcome, Stage, deliver, deliver_one, outcome, peer_authentication};

pub(crate) const ENTRY: Entry = Entry {
    number: 1,
    name: "switching",
    promise: "Switched on and off in a running Envoy",
    experiment: || Box::pin(experiment()),
};

/// From the moment the files are there, a new mode must be in force after this long, on a slow machine too.
const BOUND: Duration = Duration::from_secs(5);

/// How long each mode is kept, beyond the bound.
const KEPT: Duration = Duration::from_millis(500);

/// Clients of each kind.
const CLIENTS: usize = 4;

/// One request: when it began, when it ended, and how.
struct Asked {
    begun: Instant,
    ended: Instant,
    outcome: Outcome,
}

/// Clients that ask until they are stopped.
struct Load {
    stop: Arc<AtomicBool>,
    clients: Vec<JoinHandle<Vec<Asked>>>,
}

/// A change of the documents: when the files were there.
struct Switch {
    strict: bool,
    at: Instant,
}

async fn experiment() -> Result<Evidence> {
    let stage = Stage::set()?;
    let upstream = HttpEcho::start().await?;
    let port = Port::reserve()?;
    let folder = stage.folder("envoy")?;
    let render = |mode: &str| -> Result<Inbound> {
        let description = json!({
            "workload": {"namespace": "shop", "labels": {"app": "orders"}},
            "ports": [{"port": port.number(), "protocol": "HTTP", "upstream": upstream.address().to_string()}],
        });
        let document = peer_authentication("shop", "orders", json!({"mtls": {"mode": mode}}));
        stage.inbound(description, &[document])
    };
    deliver(&render("PERMISSIVE")?, &folder)?;
    let bootstrap = std::fs::read_to_string(folder.join("bootstrap.yaml"))?;
    let envoy = Envoy::launch(Launch::yaml(bootstrap).concurrency(2)).await?;

    obeyed_on_an_open_connection(&port, &render("STRICT")?, &folder).await?;
    deliver(&render("PERMISSIVE")?, &folder)?;
    until_served(&port).await?;

    let mutual = Load::begin(
        &port,
        &stage.workload("spiffe://cluster.local/ns/web/sa/frontend")?,
    );
    let plaintext = Load::begin(&port, &Caller::plaintext());
    let mut switches = Vec::new();
    for mode in ["STRICT", "PERMISSIVE", "STRICT", "PERMISSIVE"] {
        tokio::time::sleep(KEPT).await;
        deliver(&render(mode)?, &folder)?;
        switches.push(Switch {
            strict: mode == "STRICT",
            at: Instant::now(),
        });
        tokio::time::sleep(BOUND).await;
    }
    let (mutual, plaintext) = (mutual.end().await?, plaintext.end().await?);

    let failed = mutual
        .iter()
        .filter(|asked| asked.outcome != Outcome::Served)
        .count();
    ensure!(
        failed == 0,
        "{failed} of {} requests by mutual TLS failed",
        mutual.len()
    );
    let (passed, refused, slowest) = held(&plaintext, &switches)?;
    ensure!(
        passed > 0 && refused > 0,
        "no load: {passed} passed, {refused} were refused"
    );
    drop(envoy);
    Ok(format!(
        "{} switches, {} requests by mTLS, none failed; plaintext {passed} served, {refused} refused; in force after {} ms at most",
        switches.len(),
        mutual.len(),
        slowest.as_millis(),
    ))
}

/// The next request on a plaintext connection that is open obeys, when only the policies have changed.
async fn obeyed_on_an_open_connection(port: &Port, strict: &Inbound, folder: &Path) -> Result<()> {
    let address = ([127, 0, 0, 1], port.number()).into();
    let mut connection = http::Connection::open(address, &Caller::plaintext(), http::Version::Http1).await?;
    let before = connection.send(Ask::get("/")).await?.status;
    ensure!(before == 200, "PERMISSIVE answered {before} to plaintext");
    let files = strict.files(folder.to_str().context("a path in UTF-8")?)?;
    let policies = files
        .iter()
        .find(|file| file.name == "peerwarden-http.yaml")
        .context("the policies")?;
    deliver_one(policies, folder)?;
    let began = Instant::now();
    loop {
        match connection.send(Ask::get("/")).await?.status {
            403 => return Ok(()),
            status => ensure!(status == 200, "an open connection was answered {status}"),
        }
        ensure!(
            began.elapsed() < BOUND,
            "an open connection was not told within {BOUND:?}"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn until_served(port: &Port) -> Result<()> {
    let began = Instant::now();
    while crate::stage::ask(port, &Caller::plaintext()).await != Outcome::Served {
        ensure!(
            began.elapsed() < BOUND,
            "PERMISSIVE was not in force within {BOUND:?}"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Ok(())
}

/// Holds each plaintext request to the mode that was in force from its beginning to its end; answers how many passed and were
/// refused, and the longest time that a request still went by the mode before.
fn held(plaintext: &[Asked], switches: &[Switch]) -> Result<(usize, usize, Duration)> {
    let (mut passed, mut refused, mut slowest) = (0, 0, Duration::ZERO);
    for asked in plaintext {
        match asked.outcome {
            Outcome::Served => passed += 1,
            Outcome::Forbidden | Outcome::Closed => refused += 1,
        }
        let last = switches.iter().rev().find(|switch| switch.at <= asked.begun);
        let next = switches.iter().find(|switch| switch.at > asked.begun);
        // One that was under way when the files came may go by either mode.
        if next.is_some_and(|next| next.at <= asked.ended) {
            continue;
        }
        let strict = last.is_some_and(|switch| switch.strict);
        if strict != (asked.outcome != Outcome::Served) {
            let last = last.context("plaintext failed before the first switch")?;
            slowest = slowest.max(asked.begun - last.at);
        }
    }
    ensure!(slowest < BOUND, "a mode was in force only after {slowest:?}");
    Ok((passed, refused, slowest))
}

impl Load {
    fn begin(port: &Port, caller: &Caller) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let address = ([127, 0, 0, 1], port.number()).into();
        let client = |_| {
            let (stop, caller) = (Arc::clone(&stop), caller.clone());
            tokio::spawn(async move {
                let mut all = Vec::new();
                let mut connection = None;
                while !stop.load(Ordering::Relaxed) {
                    let begun = Instant::now();
                    let status = ask(&mut connection, address, &caller).await;
                    all.push(Asked {
                        begun,
                        ended: Instant::now(),
                        outcome: outcome(status),
                    });
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                all
            })
        };
        Self {
            clients: (0..CLIENTS).map(client).collect(),
            stop,
        }
    }

    async fn end(self) -> Result<Vec<Asked>> {
        self.stop.store(true, Ordering::Relaxed);
        let mut all = Vec::new();
        for client in self.clients {
            all.extend(client.await?);
        }
        Ok(all)
    }
}

/// Asks on a connection that is kept as long as the server keeps it.
async fn ask(
    connection: &mut Option<http::Connection>,
    address: std::net::SocketAddr,
    caller: &Caller,
) -> Result<u16> {
    let mut open = match connection.take() {
        Some(open) => open,
        None => http::Connection::open(address, caller, http::Version::Http1).await?,
    };
    let reply = open.send(Ask::get("/")).await?;
    if !reply.header("connection").eq_ignore_ascii_case("close") {
        *connection = Some(open);
    }
    Ok(reply.status)
}
