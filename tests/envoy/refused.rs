//! Connections that a rendered listener refuses before any filter leave a line in its access log; those that it accepts leave none
//! there.

mod unreached;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use peerwarden_engine::document::Value as Document;
use peerwarden_lab::certificates::{Authority, Certificate};
use peerwarden_lab::client::{Caller, ClientRequest, PartialHandshake, http, tcp};
use peerwarden_lab::config::{Port, ServerTls};
use peerwarden_lab::deadline;
use peerwarden_lab::envoy::{Envoy, Launch};
use peerwarden_lab::locate;
use peerwarden_lab::upstream::HttpEcho;
use peerwarden_render::inbound::Inbound;
use rustls::pki_types::CertificateDer;
use serde_json::{Value, json};

use crate::fixture::FRONTEND;

/// Connections of each kind.
const MANY: usize = 1000;

/// A workload with one STRICT port, and its callers.
struct Workload {
    folder: tempfile::TempDir,
    inbound: Inbound,
    port: Port,
    upstream: HttpEcho,
    frontend: Caller,
    /// The certificate of `frontend`.
    certificate: CertificateDer<'static>,
    /// Each with the text in the log.
    refused: Vec<(Caller, &'static str)>,
}

impl Workload {
    async fn new() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let (mesh, stranger) = (Authority::new("cluster.local")?, Authority::new("stranger")?);
        let server = Certificate::spiffe("spiffe://cluster.local/ns/shop/sa/server").dns(ServerTls::NAME);
        let identity = mesh.issue(server)?;
        std::fs::write(folder.path().join("cert-chain.pem"), identity.certificate_pem())?;
        std::fs::write(folder.path().join("key.pem"), identity.key_pem())?;
        std::fs::write(folder.path().join("root-cert.pem"), mesh.pem())?;
        let caller = |by: &Authority, certificate| Caller::workload(&mesh, &by.issue(certificate)?);
        let frontend = mesh.issue(Certificate::spiffe(FRONTEND))?;
        let refused = vec![
            (Caller::plaintext(), "HTTP_REQUEST"),
            (Caller::anonymous(&mesh)?, "PEER_DID_NOT_RETURN_A_CERTIFICATE"),
            (
                caller(&mesh, Certificate::spiffe(FRONTEND).expired())?,
                "CERTIFICATE_VERIFY_FAILED",
            ),
            (
                caller(
                    &mesh,
                    Certificate::spiffe("spiffe://partner.example/ns/web/sa/frontend"),
                )?,
                "CERTIFICATE_VERIFY_FAILED",
            ),
            (
                caller(&stranger, Certificate::spiffe(FRONTEND))?,
                "CERTIFICATE_VERIFY_FAILED",
            ),
        ];
        let upstream = HttpEcho::start().await?;
        let port = Port::reserve()?;
        let description = json!({
            "workload": {"namespace": "shop", "serviceAccount": "server"},
            "module": locate::module()?,
            "certificates": {"directory": folder.path()},
            "address": "127.0.0.1",
            "admin": "127.0.0.1:0",
            "accessLog": folder.path().join("access.log"),
            "ports": [{"port": port.number(), "protocol": "HTTP", "upstream": upstream.address().to_string()}],
        });
        let strict = json!({
            "apiVersion": "security.istio.io/v1",
            "kind": "PeerAuthentication",
            "metadata": {"name": "strict", "namespace": "shop"},
            "spec": {"mtls": {"mode": "STRICT"}},
        });
        let document = |json: Value| serde_json::from_value::<Document>(json);
        let inbound = Inbound::new(&document(description)?, &[document(strict)?])
            .map_err(|problems| anyhow::anyhow!("{problems}"))?;
        Ok(Self {
            inbound,
            port,
            upstream,
            frontend: Caller::workload(&mesh, &frontend)?,
            certificate: frontend.certificate_der(),
            refused,
            folder,
        })
    }

    fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port.number()).into()
    }

    /// A valid connection with one request.
    async fn call(&self) -> Result<u16> {
        let reply = http::once(
            self.address(),
            &self.frontend,
            http::Version::Http1,
            ClientRequest::get("/"),
        )
        .await?;
        Ok(reply.status)
    }

    /// Connects as each of the refused callers in turn, and returns how many were refused.
    async fn refused(&self, count: usize) -> usize {
        let mut refused = 0;
        for (caller, _) in self.refused.iter().cycle().take(count) {
            let asked = http::once(
                self.address(),
                caller,
                http::Version::Http1,
                ClientRequest::get("/"),
            )
            .await;
            refused += usize::from(asked.is_err());
        }
        refused
    }

    /// The lines of the log: for requests, and for refused connections.
    fn lines(&self) -> Result<(Vec<Value>, Vec<Value>)> {
        lines(&self.folder.path().join("access.log"))
    }
}

fn lines(log: &Path) -> Result<(Vec<Value>, Vec<Value>)> {
    let text = std::fs::read_to_string(log).context("reading the access log")?;
    // The last line may be incomplete.
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    let lines = whole.lines().map(serde_json::from_str::<Value>);
    let lines = lines.collect::<Result<Vec<_>, _>>()?;
    Ok(lines.into_iter().partition(|line| line.get("method").is_some()))
}

#[tokio::test]
async fn each_refusal_has_a_line_and_nothing_else_has() -> Result<()> {
    let workload = Workload::new().await?;
    let _envoy = Envoy::launch(Launch::yaml(workload.inbound.file()?.text)).await?;
    for _ in 0..MANY {
        assert_eq!(workload.call().await?, 200);
    }
    assert_eq!(workload.refused(MANY).await, MANY);
    let (requests, refused) = deadline::until(Duration::from_secs(20), "the lines", async || {
        let (requests, refused) = workload.lines()?;
        let all = requests.len() >= MANY && refused.len() >= MANY;
        Ok(all.then_some((requests, refused)))
    })
    .await?;
    assert_eq!((requests.len(), refused.len()), (MANY, MANY));
    for request in &requests {
        assert_eq!(request["response_flags"], "-", "{request}");
    }
    for (_, reason) in &workload.refused {
        let own = refused.iter().filter(|line| {
            let said = line["downstream_transport_failure_reason"]
                .as_str()
                .unwrap_or_default();
            said.contains(reason)
        });
        let same = workload.refused.iter().filter(|(_, other)| other == reason);
        assert_eq!(
            own.count(),
            same.count() * MANY / workload.refused.len(),
            "{reason}"
        );
    }
    Ok(())
}

/// Strangers cannot fill the disk.
#[tokio::test]
async fn refusals_have_no_more_lines_than_the_limit() -> Result<()> {
    let workload = Workload::new().await?;
    let folder = workload.folder.path().join("envoy");
    std::fs::create_dir(&folder)?;
    let mut bootstrap = String::new();
    for file in workload
        .inbound
        .files(folder.to_str().context("a path in UTF-8")?)?
    {
        if file.name == "bootstrap.yaml" {
            bootstrap = file.text;
        } else {
            std::fs::write(folder.join(&file.name), &file.text)?;
        }
    }
    let _envoy = Envoy::launch(Launch::yaml(bootstrap)).await?;
    let began = Instant::now();
    assert_eq!(workload.refused(MANY).await, MANY);
    let seconds = usize::try_from(began.elapsed().as_secs())? + 1;
    // After the last of them, so that all earlier lines are there.
    assert_eq!(workload.call().await?, 200);
    let refused = deadline::until(Duration::from_secs(20), "the lines", async || {
        let (requests, refused) = workload.lines()?;
        Ok((!requests.is_empty()).then_some(refused))
    })
    .await?;
    let most = 10 * (seconds + 1);
    assert!(
        (1..=most).contains(&refused.len()) && most < MANY,
        "{} lines in {seconds} s",
        refused.len()
    );
    Ok(())
}

/// A client that stops in the middle of its handshake is disconnected after 10 s. Envoy has no reason for it in the listener's access
/// log; a counter says how many there were.
#[tokio::test]
async fn a_client_that_stops_in_its_handshake_is_disconnected() -> Result<()> {
    let workload = Workload::new().await?;
    let envoy = Envoy::launch(Launch::yaml(workload.inbound.file()?.text)).await?;
    let (address, caller) = (workload.address(), workload.frontend.clone());
    let certificate = workload.certificate.clone();
    let is_closed = tokio::task::spawn_blocking(move || {
        PartialHandshake::begin(address, &caller, &certificate)?.is_closed_within(Duration::from_secs(40))
    });
    assert!(is_closed.await??);
    // Envoy first closes the connection and then counts it.
    let counted = deadline::until(deadline::EXCHANGE, "the counter", async || {
        let stats = envoy.stats().await?;
        let counted = stats.matching("downstream_cx_transport_socket_connect_timeout");
        let count: u64 = counted.map(|(_, count)| count).sum();
        Ok((count > 0).then_some(count))
    })
    .await?;
    assert_eq!(counted, 1);
    assert_eq!(workload.call().await?, 200);
    Ok(())
}

/// A request was served, and its connection then reset: `peerwarden explain` calls this an end, not a refusal.
#[tokio::test]
async fn a_client_that_hangs_up_after_the_handshake_leaves_a_line_that_is_no_refusal() -> Result<()> {
    let workload = Workload::new().await?;
    let _envoy = Envoy::launch(Launch::yaml(workload.inbound.file()?.text)).await?;
    let abrupt = workload.frontend.clone().abrupt();
    let mut connection = tcp::Connection::open(workload.address(), &abrupt).await?;
    connection.send("GET / HTTP/1.1\r\nhost: orders\r\n\r\n").await?;
    let received = connection.receive(12, deadline::EXCHANGE).await?;
    assert!(received.text().starts_with("HTTP/1.1 200"), "{received:?}");
    drop(connection);
    let (requests, ended) = deadline::until(Duration::from_secs(20), "the lines", async || {
        let (requests, ended) = workload.lines()?;
        Ok((!ended.is_empty()).then_some((requests, ended)))
    })
    .await?;
    assert_eq!((requests.len(), ended.len()), (1, 1));
    let reason = ended[0]["downstream_transport_failure_reason"].as_str();
    assert!(
        reason.is_some_and(|reason| reason.contains("Connection_reset_by_peer")),
        "{ended:?}"
    );
    Ok(())
}
