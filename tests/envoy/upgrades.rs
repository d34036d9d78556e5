//! The module's file is replaced while Envoy runs: open streams still follow the policies.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use peerwarden_engine::document::Value as Document;
use peerwarden_lab::certificates::{Authority, Certificate};
use peerwarden_lab::client::{Caller, tcp};
use peerwarden_lab::config::{Port, ServerTls};
use peerwarden_lab::deadline::{EXCHANGE, until};
use peerwarden_lab::envoy::{Envoy, Launch};
use peerwarden_lab::locate;
use peerwarden_lab::upstream::{EventServer, TcpEcho};
use peerwarden_render::inbound::Inbound;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::fixture::{BACKEND, FRONTEND};

/// The timers of the new VM and of the old one, one after the other, on a slow machine.
const BOUND: Duration = Duration::from_secs(8);

/// A workload with a port for TCP and one for HTTP, whose module and policies come from files.
struct Lab {
    folder: TempDir,
    authority: Authority,
    ports: [Port; 2],
    echo: TcpEcho,
    events: EventServer,
}

/// The open streams of a caller: a connection in use, and a request without a response.
struct OpenStreams {
    connection: tcp::Connection,
    request: tcp::Connection,
}

impl Lab {
    async fn new() -> Result<Self> {
        let lab = Self {
            folder: tempfile::tempdir()?,
            authority: Authority::new("cluster.local")?,
            ports: [Port::reserve()?, Port::reserve()?],
            echo: TcpEcho::start().await?,
            events: EventServer::start().await?,
        };
        let server = Certificate::spiffe("spiffe://cluster.local/ns/shop/sa/orders").dns(ServerTls::NAME);
        let identity = lab.authority.issue(server)?;
        std::fs::write(lab.path("cert-chain.pem"), identity.certificate_pem())?;
        std::fs::write(lab.path("key.pem"), identity.key_pem())?;
        std::fs::write(lab.path("root-cert.pem"), lab.authority.pem())?;
        lab.module(&[])?;
        Ok(lab)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Replaces the module by the same one with more sections, which Envoy treats as different code.
    fn module(&self, sections: &[u8]) -> Result<()> {
        let mut code = std::fs::read(locate::module()?)?;
        code.extend_from_slice(sections);
        self.replace("peerwarden.wasm", &code)
    }

    fn replace(&self, name: &str, content: &[u8]) -> Result<()> {
        std::fs::write(self.path(".new"), content)?;
        std::fs::rename(self.path(".new"), self.path(name))?;
        Ok(())
    }

    /// Replaces the configuration, as `peerwarden render --out` does, and returns the number of each plugin's.
    fn admit(&self, principals: &[&str]) -> Result<Vec<(String, u64)>> {
        let [bytes, http] = &self.ports;
        let description = json!({
            "workload": {"namespace": "shop", "serviceAccount": "orders"},
            "module": self.path("peerwarden.wasm"),
            "certificates": {"directory": self.folder.path()},
            "address": "127.0.0.1",
            "admin": "127.0.0.1:0",
            "accessLog": self.path("access.log"),
            "ports": [
                {"port": bytes.number(), "protocol": "TCP", "upstream": self.echo.address().to_string()},
                {"port": http.number(), "protocol": "HTTP", "upstream": self.events.address().to_string()},
            ],
        });
        let principals: Vec<_> = principals
            .iter()
            .map(|uri| uri.trim_start_matches("spiffe://"))
            .collect();
        let policies = [
            json!({
                "apiVersion": "security.istio.io/v1",
                "kind": "AuthorizationPolicy",
                "metadata": {"name": "callers", "namespace": "shop"},
                "spec": {"rules": [{"from": [{"source": {"principals": principals}}]}]},
            }),
            json!({
                "apiVersion": "security.istio.io/v1",
                "kind": "PeerAuthentication",
                "metadata": {"name": "strict", "namespace": "shop"},
                "spec": {"mtls": {"mode": "STRICT"}},
            }),
        ];
        let document = |json: Value| serde_json::from_value::<Document>(json);
        let policies = policies
            .into_iter()
            .map(document)
            .collect::<Result<Vec<_>, _>>()?;
        let inbound = Inbound::new(&document(description)?, &policies)
            .map_err(|problems| anyhow::anyhow!("{problems}"))?;
        let mut numbers = Vec::new();
        for file in inbound.files(self.folder.path().to_str().context("a path in UTF-8")?)? {
            self.replace(&file.name, file.text.as_bytes())?;
            if let Some(number) = file.configuration {
                let plugin = file.name.trim_end_matches(".yaml");
                numbers.push((plugin.to_owned(), number.number()));
            }
        }
        ensure!(numbers.len() == 2, "{numbers:?}");
        Ok(numbers)
    }

    async fn open(&self, uri: &str) -> Result<OpenStreams> {
        let caller = Caller::workload(&self.authority, &self.authority.issue(Certificate::spiffe(uri))?)?;
        let [bytes, http] = self
            .ports
            .each_ref()
            .map(|port| ([127, 0, 0, 1], port.number()).into());
        let mut connection = tcp::Connection::open(bytes, &caller).await?;
        let echoed = connection.echo("hello\n").await?;
        ensure!(echoed.text() == "hello\n", "{uri} is not let in: {echoed:?}");
        let mut request = tcp::Connection::open(http, &caller).await?;
        request
            .send("GET /silent HTTP/1.1\r\nhost: orders.shop\r\n\r\n")
            .await?;
        let open = OpenStreams { connection, request };
        Ok(open)
    }
}

impl OpenStreams {
    /// Checks that both are still open.
    async fn goes_on(&mut self) -> Result<()> {
        let echoed = self.connection.echo("more\n").await?;
        ensure!(echoed.text() == "more\n", "the connection is gone: {echoed:?}");
        let answer = self.request.receive(1, Duration::from_millis(50)).await?;
        ensure!(
            answer.end == tcp::ConnectionEnd::Silent,
            "the request is gone: {answer:?}"
        );
        Ok(())
    }

    /// Checks that both are closed soon, the request with a 403.
    async fn ends(&mut self) -> Result<()> {
        let began = Instant::now();
        loop {
            let received = self.connection.echo("more\n").await?;
            if received.end != tcp::ConnectionEnd::Open {
                break;
            }
            if began.elapsed() > BOUND {
                bail!("the connection is open after {BOUND:?}");
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let answer = self.request.receive(12, BOUND).await?;
        ensure!(
            answer.text().starts_with("HTTP/1.1 403"),
            "the request is answered {answer:?}"
        );
        Ok(())
    }
}

/// Waits until every worker uses these, and none denies everything.
async fn in_force(envoy: &Envoy, numbers: &[(String, u64)]) -> Result<()> {
    let expected: Vec<_> = numbers.iter().map(|(_, number)| [*number, 0]).collect();
    until(BOUND, "the configuration in force", async || {
        let stats = envoy.stats().await?;
        let gauges = numbers.iter().map(|(plugin, _)| {
            ["configuration", "denying"]
                .map(|what| stats.count(&format!("wasmcustom.peerwarden.{plugin}.{what}")))
        });
        Ok((gauges.collect::<Vec<_>>() == expected).then_some(()))
    })
    .await
    .with_context(|| format!("Envoy's log:\n{}", envoy.log()))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_open_follows_a_module_that_takes_its_place() -> Result<()> {
    let lab = Lab::new().await?;
    let first = lab.admit(&[FRONTEND, BACKEND])?;
    let bootstrap = std::fs::read_to_string(lab.path("bootstrap.yaml"))?;
    let envoy = Envoy::launch(Launch::yaml(bootstrap).concurrency(2)).await?;
    in_force(&envoy, &first).await?;
    // Two workers, and the main thread, which has a copy too.
    until(EXCHANGE, "every thread", async || {
        let threads = envoy
            .stats()
            .await?
            .count("wasmcustom.peerwarden.peerwarden-tcp.threads");
        Ok((threads == 3).then_some(()))
    })
    .await?;
    let (mut front, mut back) = (lab.open(FRONTEND).await?, lab.open(BACKEND).await?);

    // The same callers with different code: open streams stay.
    lab.module(b"\x00\x06\x04next!")?;
    in_force(&envoy, &lab.admit(&[BACKEND, FRONTEND])?).await?;
    let mut late = lab.open(BACKEND).await?;
    for open in [&mut front, &mut back, &mut late] {
        open.goes_on().await?;
    }

    // A configuration that is refused changes nothing.
    let plugin = std::fs::read_to_string(lab.path("peerwarden-tcp.yaml"))?;
    lab.replace(
        "peerwarden-tcp.yaml",
        plugin.replace("\"resources\"", "\"resource\"").as_bytes(),
    )?;
    envoy.logged("configuration refused").await?;
    front.goes_on().await?;
    back.goes_on().await?;

    // Streams that the old module allowed are closed if the new one denies them.
    in_force(&envoy, &lab.admit(&[FRONTEND])?).await?;
    back.ends().await?;
    late.ends().await?;
    front.goes_on().await?;

    // A rollback to code and configuration that Envoy still has, as the first connection is open: it is in use again,
    // and newer.
    lab.module(&[])?;
    lab.admit(&[FRONTEND, BACKEND])?;
    let began = Instant::now();
    loop {
        if let Ok(mut back) = lab.open(BACKEND).await {
            tokio::time::sleep(Duration::from_secs(3)).await;
            if back.goes_on().await.is_ok() {
                break;
            }
        }
        ensure!(
            began.elapsed() < BOUND * 4,
            "the rollback does not last:\n{}",
            envoy.log()
        );
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    front.goes_on().await
}

/// Envoy drops a VM with its last stream, without a further callback.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_last_stream_of_an_old_vm_counts_is_not_lost() -> Result<()> {
    let lab = Lab::new().await?;
    let first = lab.admit(&[BACKEND])?;
    let bootstrap = std::fs::read_to_string(lab.path("bootstrap.yaml"))?;
    let envoy = Envoy::launch(Launch::yaml(bootstrap).concurrency(1)).await?;
    in_force(&envoy, &first).await?;
    let mut back = lab.open(BACKEND).await?;

    lab.module(b"\x00\x06\x04next!")?;
    in_force(&envoy, &lab.admit(&[FRONTEND])?).await?;
    back.ends().await?;
    envoy.counted(&[("revoked", 2)]).await
}
