//! Question 3: proof that traffic is encrypted. A probe that shows what a port accepts, the access log and the
//! counters, and the packets themselves.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use peerwarden_lab::capture::Capture;
use peerwarden_lab::certificates::{Authority, Certificate};
use peerwarden_lab::client::{Caller, tcp};
use peerwarden_lab::config::Port;
use peerwarden_lab::deadline::{EXCHANGE, until};
use peerwarden_lab::envoy::{Envoy, Launch};
use peerwarden_lab::upstream::{HttpEcho, TcpEcho, TlsEcho};
use peerwarden_mtls::probe::{Credentials, Probe, ProbeReport, Verdict};
use serde_json::{Value, json};

use crate::entry::{Entry, Evidence};
use crate::stage::{Stage, peer_authentication};

pub(crate) const ENTRY: Entry = Entry {
    number: 3,
    name: "encryption",
    promise: "Proof that traffic is encrypted",
    experiment: || Box::pin(experiment()),
};

const FRONTEND: &str = "spiffe://cluster.local/ns/web/sa/frontend";
const SERVER: &str = "spiffe://cluster.local/ns/shop/sa/orders";

/// For ports that do not answer.
const TIMEOUT: Duration = Duration::from_secs(2);

/// The text that must not be readable on the wire.
const SECRET: &str = "a secret of 4711 ledgers\n";

/// A port of the server's Envoy.
struct ServerPort {
    port: Port,
    protocol: &'static str,
    mode: &'static str,
    verdict: Verdict,
}

async fn experiment() -> Result<Evidence> {
    let stage = Stage::set()?;
    let (http, tcp) = (HttpEcho::start().await?, TcpEcho::start().await?);
    let ports = ports()?;
    let upstream = |protocol| {
        if protocol == "HTTP" {
            http.address()
        } else {
            tcp.address()
        }
    };
    let written = ports.iter().map(|of| {
        let upstream = upstream(of.protocol).to_string();
        json!({"port": of.port.number(), "protocol": of.protocol, "upstream": upstream})
    });
    let description = json!({
        "workload": {"namespace": "shop", "labels": {"app": "orders"}},
        "ports": written.collect::<Vec<Value>>(),
    });
    let modes = ports
        .iter()
        .map(|of| (of.port.number().to_string(), json!({"mode": of.mode})));
    let document = peer_authentication(
        "shop",
        "orders",
        json!({
            "selector": {"matchLabels": {"app": "orders"}},
            "portLevelMtls": modes.collect::<serde_json::Map<_, _>>(),
        }),
    );
    let configuration = stage.inbound(description, &[document])?.file()?.text;
    let envoy = Envoy::launch(Launch::yaml(configuration)).await?;

    let probed = probed(&stage, &ports).await?;
    let caught = caught(&stage, &ports).await?;
    logged(&stage, &envoy).await?;
    Ok(format!(
        "{probed} ports probed, each verdict right; of {caught} packets' bytes the secret is read on DISABLE, not on STRICT"
    ))
}

fn ports() -> Result<Vec<ServerPort>> {
    let mut ports = Vec::new();
    for protocol in ["HTTP", "TCP"] {
        for (mode, verdict) in [
            ("STRICT", Verdict::Strict),
            ("PERMISSIVE", Verdict::Permissive),
            ("DISABLE", Verdict::Disable),
        ] {
            let port = Port::reserve()?;
            ports.push(ServerPort {
                port,
                protocol,
                mode,
                verdict,
            });
        }
    }
    Ok(ports)
}

/// The same code as `peerwarden probe`; it blocks.
async fn probe(credentials: Option<Credentials>, addresses: &[SocketAddr]) -> Result<Vec<ProbeReport>> {
    let targets: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    Ok(tokio::task::spawn_blocking(move || Probe::new(credentials, TIMEOUT).all(&targets)).await?)
}

/// Each port by its verdict, and some that do not belong to an Envoy. Returns how many.
async fn probed(stage: &Stage, ports: &[ServerPort]) -> Result<usize> {
    let folder = stage.identity("probe", Certificate::spiffe(FRONTEND))?;
    let credentials = Credentials::read(&folder)?;
    let addresses: Vec<SocketAddr> = ports
        .iter()
        .map(|of| ([127, 0, 0, 1], of.port.number()).into())
        .collect();
    let reports = probe(Some(credentials.clone()), &addresses).await?;
    for (of, report) in ports.iter().zip(&reports) {
        let what = || format!("{} {}: {report:?}", of.protocol, of.mode);
        ensure!(report.verdict == of.verdict, "{}", what());
        if of.mode == "DISABLE" {
            ensure!(report.presents.is_none(), "{}", what());
            continue;
        }
        let presented = report.presents.as_ref().with_context(what)?;
        ensure!(presented.spiffe_id.as_deref() == Some(SERVER), "{}", what());
        ensure!(presented.tls_version.as_deref() == Some("TLS 1.3"), "{}", what());
        ensure!(presented.verified == Some(Ok(())), "{}", what());
        let left = presented.left().with_context(what)?;
        ensure!(
            left > Duration::from_secs(22 * 3600) && left < Duration::from_secs(25 * 3600),
            "{left:?}"
        );
    }

    // Without credentials the result is less specific.
    let strangers = probe(None, &addresses).await?;
    for (of, report) in ports.iter().zip(&strangers) {
        let expected = if of.mode == "DISABLE" {
            Verdict::Disable
        } else {
            Verdict::Unknown
        };
        ensure!(
            report.verdict == expected,
            "{} {} without credentials: {report:?}",
            of.protocol,
            of.mode
        );
    }

    // An application's own TLS, another mesh's credentials, a server that sends nothing, and a port without a server.
    let public = Authority::new("public")?;
    let application = TlsEcho::start(&public.issue(Certificate::nameless().dns("shop.example"))?).await?;
    let silent = std::net::TcpListener::bind(("127.0.0.1", 0))?;
    let dead = Port::reserve()?;
    let others = [
        application.address(),
        silent.local_addr()?,
        ([127, 0, 0, 1], dead.number()).into(),
    ];
    let verdicts: Vec<Verdict> = probe(Some(credentials), &others)
        .await?
        .iter()
        .map(|report| report.verdict)
        .collect();
    ensure!(
        verdicts == [Verdict::Tls, Verdict::Unknown, Verdict::Unreachable],
        "{verdicts:?}"
    );

    let foreign = Stage::set()?;
    let folder = foreign.identity("foreign", Certificate::spiffe(FRONTEND))?;
    let foreign = probe(Some(Credentials::read(&folder)?), &addresses).await?;
    for (of, report) in ports.iter().zip(&foreign) {
        let expected = if of.mode == "DISABLE" {
            Verdict::Disable
        } else {
            Verdict::Broken
        };
        ensure!(
            report.verdict == expected,
            "{} {} by another mesh: {report:?}",
            of.protocol,
            of.mode
        );
    }
    Ok(ports.len() + others.len())
}

/// A secret is sent to a DISABLE port and to a STRICT one, and both applications receive it. Returns how many bytes
/// were captured.
async fn caught(stage: &Stage, ports: &[ServerPort]) -> Result<usize> {
    let mut all = 0;
    for (mode, readable) in [("DISABLE", true), ("STRICT", false)] {
        let of = ports
            .iter()
            .find(|of| of.mode == mode && of.protocol == "TCP")
            .context("a port")?;
        let caller = if readable {
            Caller::plaintext()
        } else {
            stage.workload(FRONTEND)?
        };
        let capture = Capture::of(&[of.port.number()]).await?;
        let mut connection =
            tcp::Connection::open(([127, 0, 0, 1], of.port.number()).into(), &caller).await?;
        let echoed = connection.echo(SECRET).await?;
        ensure!(
            echoed.text() == SECRET,
            "{mode}: the application did not get it: {echoed:?}"
        );
        drop(connection);
        let bytes = capture.end().await?;
        let read = bytes
            .windows(SECRET.len())
            .any(|window| window == SECRET.as_bytes());
        ensure!(read == readable, "{mode}: the secret can be read: {read}");
        // As often as it went, there is room for it.
        ensure!(
            bytes.len() > 2 * SECRET.len(),
            "{mode}: {} bytes were caught",
            bytes.len()
        );
        all += bytes.len();
    }
    Ok(all)
}

/// The access log shows how each connection was secured, and the counters count them.
async fn logged(stage: &Stage, envoy: &Envoy) -> Result<()> {
    for policy in ["mutual_tls", "none"] {
        let field = format!("\"connection_security_policy\":\"{policy}\"");
        until(EXCHANGE, policy, async || {
            let found = stage.access_log()?.lines().any(|line| line.contains(&field));
            Ok(found.then_some(()))
        })
        .await?;
        envoy
            .counted_any(&format!("connection_security_policy.{policy}"))
            .await?;
    }
    Ok(())
}
