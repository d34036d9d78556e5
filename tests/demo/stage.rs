//! One Envoy with the module in front of two upstreams: orders over HTTP, a ledger over TCP.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use peerwarden_lab::certificates::{Authority, Certificate};
use peerwarden_lab::client::{ClientRequest, http, tcp};
use peerwarden_lab::config::{Bootstrap, ClientCertificate, Listener, Module, Port, ServerTls, Transport};
use peerwarden_lab::deadline::{self, until};
use peerwarden_lab::decision::Decision;
use peerwarden_lab::envoy::{AccessLogEntry, Envoy};
use peerwarden_lab::upstream::{HttpEcho, TcpEcho};
use serde_json::{Value, json};

use crate::cast::Authorities;
use crate::script::{Scene, SceneRequest};

const ORDERS: &str = include_str!("policies/orders.json");
const LEDGER: &str = include_str!("policies/ledger.json");

/// Everything that must live while the demo plays.
pub(crate) struct Stage {
    authorities: Authorities,
    documents: Vec<Value>,
    envoy: Envoy,
    orders: HttpEcho,
    ledger: TcpEcho,
    description: String,
}

/// The result of a scene.
#[derive(Debug)]
pub(crate) struct SceneResult {
    /// Whether the caller got an answer from the upstream.
    pub(crate) allowed: bool,
    /// The decision in the access log.
    pub(crate) decision: Option<Decision>,
}

impl Stage {
    pub(crate) async fn set(module: PathBuf) -> Result<Self> {
        let authorities = Authorities {
            mesh: Authority::new("mesh of cluster.local")?,
            partner: Authority::new("mesh of partner.example")?,
        };
        let orders = HttpEcho::start().await?;
        let ledger = TcpEcho::start().await?;
        let port = Port::reserve()?;
        let documents = vec![
            serde_json::from_str(ORDERS)?,
            serde_json::from_str(&LEDGER.replace("@LEDGER_PORT@", &port.number().to_string()))?,
        ];
        let http = configuration("http", "orders", &documents);
        let tcp = configuration("tcp", "ledger", &documents);
        let bootstrap = Bootstrap::new()
            .listener(
                Listener::http("orders", transport(&authorities, "orders")?, orders.address())
                    .module(Module::new(module.clone(), http)),
            )
            .listener(
                Listener::tcp("ledger", transport(&authorities, "ledger")?, ledger.address())
                    .port(&port)
                    .module(Module::new(module, tcp)),
            );
        let envoy = Envoy::start(bootstrap).await?;
        let description = format!(
            "orders (HTTP) at {}, ledger (TCP) at {}, one Envoy",
            envoy.address("orders")?,
            envoy.address("ledger")?
        );
        Ok(Self {
            authorities,
            documents,
            envoy,
            orders,
            ledger,
            description,
        })
    }

    pub(crate) fn documents(&self) -> &[Value] {
        &self.documents
    }

    pub(crate) fn description(&self) -> &str {
        &self.description
    }

    pub(crate) async fn play(&self, scene: &Scene) -> Result<SceneResult> {
        let asked = format!("{} asking for {}", scene.who.name(), scene.what);
        let played = match scene.what {
            SceneRequest::Http { method, path } => self.request(scene, method, path).await,
            SceneRequest::Ledger => self.connect(scene).await,
        };
        played.context(asked)
    }

    async fn request(&self, scene: &Scene, method: &'static str, path: &str) -> Result<SceneResult> {
        let caller = scene.who.caller(&self.authorities)?;
        let id = format!("{} {method} {path}", scene.who.name());
        let ask = ClientRequest::new(method.parse()?, path).id(&id);
        let reached = self.orders.seen().len();
        let reply = http::once(self.envoy.address("orders")?, &caller, http::Version::Http1, ask).await?;
        let allowed = match reply.status {
            200 => true,
            403 => false,
            status => bail!("neither allowed nor denied, but {status}: {}", reply.body),
        };
        if (self.orders.seen().len() > reached) != allowed {
            bail!(
                "the caller got {}, but the upstream tells another story",
                reply.status
            );
        }
        let entry = self
            .envoy
            .logged_access(|entry| entry.text("lab_id") == id)
            .await?;
        Ok(SceneResult::new(allowed, &entry))
    }

    async fn connect(&self, scene: &Scene) -> Result<SceneResult> {
        const QUESTION: &str = "what is the balance?\n";
        let caller = scene.who.caller(&self.authorities)?;
        let reached = self.ledger.traffic().bytes;
        let mut connection = tcp::Connection::open(self.envoy.address("ledger")?, &caller).await?;
        let local: SocketAddr = connection.local_address();
        let received = connection.echo(QUESTION).await?;
        drop(connection);
        let allowed = match received.text().as_str() {
            QUESTION => true,
            "" if received.nothing() => false,
            other => bail!(
                "neither allowed nor denied: received {other:?}, then {:?}",
                received.end
            ),
        };
        if (self.ledger.traffic().bytes > reached) != allowed {
            bail!("the caller was told one thing, but the upstream received another");
        }
        let local = local.to_string();
        let entry = self
            .envoy
            .logged_access(|entry| entry.text("peer_address") == local)
            .await?;
        Ok(SceneResult::new(allowed, &entry))
    }

    /// Envoy's counters for the module, one per line, with aligned numbers, once this many decisions are counted: the
    /// module updates them once a second.
    pub(crate) async fn counters(&self, decided: u64) -> Result<String> {
        let counted = ["allowed", "denied"].map(|name| format!("wasmcustom.peerwarden.{name}"));
        let stats = until(deadline::EXCHANGE, "the counters of all decisions", async || {
            let stats = self.envoy.stats().await?;
            let sum: u64 = counted.iter().map(|name| stats.count(name)).sum();
            Ok((sum == decided).then_some(stats))
        });
        let stats = stats.await?;
        let counters = stats.matching("wasmcustom.peerwarden.");
        let lines = counters.map(|(name, count)| format!("  {count:>3}  {name}"));
        Ok(lines.collect::<Vec<_>>().join("\n"))
    }
}

impl SceneResult {
    fn new(allowed: bool, entry: &AccessLogEntry) -> Self {
        Self {
            allowed,
            decision: Decision::parse(entry.decision()),
        }
    }

    /// Whether the module decided it.
    pub(crate) fn is_decided(&self) -> bool {
        self.decision.is_some()
    }

    /// Whether verdict and rule are those of the script, for the caller and in the access log.
    pub(crate) fn is_as(&self, scene: &Scene) -> bool {
        let verdict = if scene.allowed { "allow" } else { "deny" };
        let decided = |decision: &Decision| decision.verdict == verdict && decision.by == scene.by;
        self.allowed == scene.allowed && self.decision.as_ref().is_some_and(decided)
    }
}

/// Callers with a certificate of either mesh, callers without, and callers without TLS: the module distinguishes them.
fn transport(authorities: &Authorities, workload: &str) -> Result<Transport> {
    let Authorities { mesh, partner } = authorities;
    let identity = Certificate::spiffe(&format!("spiffe://cluster.local/ns/shop/sa/{workload}"));
    let server = ServerTls::issue(mesh, identity, &[mesh, partner])?;
    Ok(Transport::Permissive(server, ClientCertificate::Optional))
}

fn configuration(protocol: &str, workload: &str, documents: &[Value]) -> Value {
    json!({
        "mesh": {"rootNamespace": "istio-system", "trustDomain": "cluster.local"},
        "workload": {"namespace": "shop", "serviceAccount": workload, "labels": {"app": workload}},
        "resources": documents,
        "protocol": protocol,
        "report": "all",
    })
}
