//! The Envoy, its policies and certificates, and one round of changes with its checks.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use peerwarden_lab::authorizer::{Gate, HttpAnswer, HttpAuthorizer};
use peerwarden_lab::client::{Caller, ClientRequest, http, tcp};
use peerwarden_lab::config::{Port, ServerTls};
use peerwarden_lab::deadline::until;
use peerwarden_lab::envoy::{Envoy, Launch};
use peerwarden_lab::upstream::{EventServer, HttpEcho, TcpEcho};
use peerwarden_mtls::{Authority, Workload};
use serde_json::json;

use crate::stage::{Stage, admits, deliver_one, peer_authentication};

/// Every version of the policies allows it.
pub(crate) const STAYS: &str = "cluster.local/ns/web/sa/frontend";

/// Every other version allows it.
const COMES_AND_GOES: &str = "cluster.local/ns/web/sa/batch";

/// No version allows it.
const STRANGER: &str = "cluster.local/ns/evil/sa/mallory";

/// The lifetime of all certificates.
const LIFETIME: Duration = Duration::from_secs(3600);

/// From new files to the new verdicts; an update judges every open stream again.
const IN_EFFECT: Duration = Duration::from_secs(30);

/// The number of consecutive answers that show that both workers have the new policies: the kernel chooses one of them
/// for each connection.
const IN_A_ROW: usize = 20;

/// Envoy's circuit breakers count open connections.
const BREAKERS: &str = "circuit_breakers: {thresholds: [{max_connections: 50000, max_pending_requests: 50000, max_requests: 50000}]}";

/// Envoy ends an idle stream after five minutes, and the soak takes as long.
const IDLE: &str = "stream_idle_timeout: 0s";

/// A workload of four ports, and everything around it.
pub(crate) struct Mesh {
    pub(crate) envoy: Envoy,
    stage: Stage,
    authority: Authority,
    folder: PathBuf,
    certificates: PathBuf,
    ports: Ports,
    upstreams: Upstreams,
}

/// Answered requests, unanswered requests, connections, and connections with `enforcement: hold`.
struct Ports {
    web: Port,
    streams: Port,
    bytes: Port,
    held: Port,
}

struct Upstreams {
    web: HttpEcho,
    streams: EventServer,
    bytes: TcpEcho,
    authorizer: HttpAuthorizer,
}

impl Mesh {
    pub(crate) async fn start() -> Result<Self> {
        let stage = Stage::set()?;
        let authority = Authority::make(&stage.folder("ca")?, "cluster.local", 2 * LIFETIME)?;
        let (folder, certificates) = (stage.folder("envoy")?, stage.folder("sds")?);
        let never = Gate::closed();
        let upstreams = Upstreams {
            web: HttpEcho::start().await?,
            streams: EventServer::start().await?,
            bytes: TcpEcho::start().await?,
            authorizer: HttpAuthorizer::start(move |_| HttpAnswer::allow().behind(&never)).await?,
        };
        let ports = Ports {
            web: Port::reserve()?,
            streams: Port::reserve()?,
            bytes: Port::reserve()?,
            held: Port::reserve()?,
        };
        rotate(&authority, &certificates)?;
        apply(&stage, &ports, &upstreams, &folder, &certificates, 0)?;
        let bootstrap = std::fs::read_to_string(folder.join("bootstrap.yaml"))?;
        let envoy = Envoy::launch(Launch::yaml(bootstrap).concurrency(2)).await?;
        Ok(Self {
            envoy,
            stage,
            authority,
            folder,
            certificates,
            ports,
            upstreams,
        })
    }

    /// A caller with its own certificate, issued now.
    pub(crate) fn caller(&self, principal: &str) -> Result<Caller> {
        let issued = self
            .authority
            .issue(&Workload::parse(&format!("spiffe://{principal}"))?, LIFETIME)?;
        Caller::pem(self.authority.pem(), issued.certificate_pem(), issued.key_pem())
    }

    pub(crate) fn streams(&self) -> SocketAddr {
        local(&self.ports.streams)
    }

    pub(crate) fn bytes(&self) -> SocketAddr {
        local(&self.ports.bytes)
    }

    /// Waits until this many requests have reached the upstream.
    pub(crate) async fn has_open(&self, streams: usize) -> Result<()> {
        let seen = until(IN_EFFECT, "the streams at the upstream", async || {
            let stats = self.envoy.stats().await?;
            let active = stats
                .matching("upstream_rq_active")
                .map(|(_, count)| count)
                .sum::<u64>();
            Ok((active >= streams as u64).then_some(()))
        });
        seen.await
    }

    /// Whether a request is served; it must end with 200 or 403.
    async fn is_served(&self, caller: &Caller, path: &str) -> Result<bool> {
        let reply = http::once(
            local(&self.ports.web),
            caller,
            http::Version::Http1,
            ClientRequest::get(path),
        )
        .await?;
        match reply.status {
            200 => Ok(true),
            403 => Ok(false),
            other => bail!("{path} was answered with {other}: {}", reply.body),
        }
    }

    /// Whether a connection carries data.
    async fn echoes(&self, port: &Port, caller: &Caller) -> Result<bool> {
        let mut connection = tcp::Connection::open(local(port), caller).await?;
        let echoed = connection.echo("ping\n").await?;
        ensure!(
            echoed.text() == "ping\n" || echoed.nothing(),
            "neither an echo nor a denial: {echoed:?}"
        );
        Ok(!echoed.bytes.is_empty())
    }
}

fn local(port: &Port) -> SocketAddr {
    ([127, 0, 0, 1], port.number()).into()
}

/// A new certificate for the server, with a new key.
fn rotate(authority: &Authority, folder: &std::path::Path) -> Result<()> {
    let server = Workload::parse("spiffe://cluster.local/ns/shop/sa/orders")?.dns(ServerTls::NAME);
    authority.issue(&server, LIFETIME)?.write(folder)?;
    Ok(())
}

/// Whether this round's policies allow [`COMES_AND_GOES`].
fn lets_in(round: usize) -> bool {
    round % 2 == 1
}

/// Writes Envoy's files, with the policies of a round.
fn apply(
    stage: &Stage,
    ports: &Ports,
    upstreams: &Upstreams,
    folder: &std::path::Path,
    certificates: &std::path::Path,
    round: usize,
) -> Result<()> {
    let port = |port: &Port, protocol: &str, upstream: SocketAddr| json!({"port": port.number(), "protocol": protocol, "upstream": upstream.to_string()});
    let mut held = port(&ports.held, "TCP", upstreams.bytes.address());
    held["enforcement"] = "hold".into();
    let description = json!({
        "workload": {"namespace": "shop", "labels": {"app": "orders"}},
        "certificates": {"sds": certificates},
        "extensionProviders": [{"name": "silent", "envoyExtAuthzHttp": {
            "service": "127.0.0.1", "port": upstreams.authorizer.address().port(), "cluster": "authz", "timeout": "1s",
        }}],
        "ports": [
            port(&ports.web, "HTTP", upstreams.web.address()),
            port(&ports.streams, "HTTP", upstreams.streams.address()),
            port(&ports.bytes, "TCP", upstreams.bytes.address()),
            held,
        ],
    });
    let admitted: &[&str] = if lets_in(round) {
        &[STAYS, COMES_AND_GOES]
    } else {
        &[STAYS]
    };
    let policy = |name: &str, spec: serde_json::Value| {
        json!({
            "apiVersion": "security.istio.io/v1", "kind": "AuthorizationPolicy",
            "metadata": {"name": name, "namespace": "shop"}, "spec": spec,
        })
    };
    let asked = json!({"operation": {"paths": ["/ask"], "ports": [ports.web.number().to_string()]}});
    let resources = [
        peer_authentication("shop", "orders", json!({"mtls": {"mode": "STRICT"}})),
        admits(admitted),
        policy(
            "ask",
            json!({"action": "CUSTOM", "provider": {"name": "silent"}, "rules": [{"to": [asked]}]}),
        ),
        // So that each version differs.
        policy(
            "round",
            json!({"action": "DENY", "rules": [{"from": [{"source": {"namespaces": [format!("round-{round}")]}}]}]}),
        ),
    ];
    let inbound = stage.inbound(description, &resources)?;
    for mut file in inbound.files(folder.to_str().context("a path in UTF-8")?)? {
        if file.name == "clusters.yaml" {
            let breakers = format!("connect_timeout: 10s\n    {BREAKERS}");
            file.text = file.text.replace("connect_timeout: 10s", &breakers);
        }
        if file.name == "listeners.yaml" {
            file.text = beside(&file.text, "use_remote_address: false", IDLE)?;
        }
        deliver_one(&file, folder)?;
    }
    Ok(())
}

/// The text with another line after each that equals this one.
fn beside(text: &str, line: &str, other: &str) -> Result<String> {
    ensure!(text.lines().any(|own| own.trim_start() == line), "{text}");
    let lines = text.lines().map(|own| match own.strip_suffix(line) {
        Some(indent) if indent.trim().is_empty() => format!("{own}\n{indent}{other}\n"),
        Some(_) | None => format!("{own}\n"),
    });
    Ok(lines.collect())
}

/// New policies and certificates, then everyone asks; returns the number of verdicts.
pub(crate) async fn round(mesh: &Mesh, number: usize) -> Result<usize> {
    rotate(&mesh.authority, &mesh.certificates)?;
    apply(
        &mesh.stage,
        &mesh.ports,
        &mesh.upstreams,
        &mesh.folder,
        &mesh.certificates,
        number,
    )?;
    let (stays, goes, stranger) = (
        mesh.caller(STAYS)?,
        mesh.caller(COMES_AND_GOES)?,
        mesh.caller(STRANGER)?,
    );
    until(IN_EFFECT, "the policies for requests", async || {
        for _ in 0..IN_A_ROW {
            if mesh.is_served(&goes, "/").await? != lets_in(number) {
                return Ok(None);
            }
        }
        Ok(Some(()))
    })
    .await?;
    for port in [&mesh.ports.bytes, &mesh.ports.held] {
        until(IN_EFFECT, "the policies for connections", async || {
            for _ in 0..IN_A_ROW {
                if mesh.echoes(port, &goes).await? != lets_in(number) {
                    return Ok(None);
                }
            }
            Ok(Some(()))
        })
        .await?;
    }
    // A client that hangs up in the middle of anything affects no others.
    for caller in [&stays, &goes, &stranger] {
        let client = http::Connection::open(mesh.streams(), caller, http::Version::Http2).await?;
        client.hold(&ClientRequest::get("/silent"))?.reset();
        drop(client.hold(&ClientRequest::get("/silent"))?);
        drop(tcp::Connection::open(mesh.bytes(), &caller.clone().abrupt()).await);
        drop(tcp::Connection::open(local(&mesh.ports.held), caller).await);
    }
    let asking = http::once(
        local(&mesh.ports.web),
        &stays,
        http::Version::Http1,
        ClientRequest::get("/ask"),
    );
    let mut checked = 3;
    for (caller, wanted) in [(&stays, true), (&goes, lets_in(number)), (&stranger, false)] {
        for path in ["/", "/orders?a=b"] {
            ensure!(
                mesh.is_served(caller, path).await? == wanted,
                "{path}: expected {wanted}"
            );
        }
        for port in [&mesh.ports.bytes, &mesh.ports.held] {
            ensure!(
                mesh.echoes(port, caller).await? == wanted,
                "a connection: expected {wanted}"
            );
        }
        checked += 4;
    }
    let status = asking.await?.status;
    ensure!(status == 403, "an authorizer that never answers: {status}");
    let asked = mesh.upstreams.authorizer.asked().len();
    ensure!(
        asked > number,
        "the authorizer was asked {asked} times by round {number}"
    );
    Ok(checked + 1)
}
