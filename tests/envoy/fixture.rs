//! A mesh with two trust domains, its callers, and the workload `orders` in the namespace `shop`.

use anyhow::Result;
use peerwarden_lab::certificates::{Authority, Certificate};
use peerwarden_lab::client::{Caller, ClientRequest, http};
use peerwarden_lab::config::{Bootstrap, Http, Listener, Module, Protocol, ServerTls, Tcp, Transport};
use peerwarden_lab::envoy::Envoy;
use peerwarden_lab::locate;
use peerwarden_lab::upstream::{HttpEcho, TcpEcho};
use serde_json::{Value, json};

pub(crate) const FRONTEND: &str = "spiffe://cluster.local/ns/web/sa/frontend";
pub(crate) const BACKEND: &str = "spiffe://cluster.local/ns/shop/sa/backend";
pub(crate) const PARTNER: &str = "spiffe://partner.example/ns/web/sa/frontend";

/// The authorities, and the server's certificate.
pub(crate) struct Mesh {
    pub(crate) authority: Authority,
    pub(crate) partner: Authority,
    pub(crate) server: ServerTls,
}

/// An Envoy in front of an HTTP upstream.
pub(crate) struct Orders {
    pub(crate) envoy: Envoy,
    pub(crate) upstream: HttpEcho,
}

/// An Envoy in front of a TCP upstream.
pub(crate) struct Ledger {
    pub(crate) envoy: Envoy,
    pub(crate) upstream: TcpEcho,
}

impl Mesh {
    pub(crate) fn new() -> Result<Self> {
        let authority = Authority::new("cluster.local")?;
        let partner = Authority::new("partner.example")?;
        let identity = Certificate::spiffe("spiffe://cluster.local/ns/shop/sa/orders");
        let server = ServerTls::issue(&authority, identity, &[&authority, &partner])?;
        Ok(Self {
            authority,
            partner,
            server,
        })
    }

    /// A caller of our trust domain.
    pub(crate) fn caller(&self, uri: &str) -> Result<Caller> {
        self.with(Certificate::spiffe(uri))
    }

    /// A caller with any certificate of our authority.
    pub(crate) fn with(&self, certificate: Certificate) -> Result<Caller> {
        Caller::workload(&self.authority, &self.authority.issue(certificate)?)
    }

    /// A caller of the partner's trust domain.
    pub(crate) fn partner(&self) -> Result<Caller> {
        Caller::workload(
            &self.authority,
            &self.partner.issue(Certificate::spiffe(PARTNER))?,
        )
    }

    /// Envoy with an mTLS listener for HTTP.
    pub(crate) async fn orders(&self, resources: Value) -> Result<Orders> {
        self.orders_with(resources, Http::default(), Transport::mutual(&self.server))
            .await
    }

    /// Envoy with a listener for HTTP.
    pub(crate) async fn orders_with(
        &self,
        resources: Value,
        http: Http,
        transport: Transport,
    ) -> Result<Orders> {
        let upstream = HttpEcho::start().await?;
        let listener = Listener::http("orders", transport, upstream.address())
            .protocol(Protocol::Http(http))
            .module(module(configuration("http", resources))?);
        let envoy = Envoy::start(Bootstrap::new().listener(listener)).await?;
        Ok(Orders { envoy, upstream })
    }

    /// Envoy with a listener for TCP, whose upstream speaks first if it has a greeting.
    pub(crate) async fn ledger(
        &self,
        resources: Value,
        tcp: Tcp,
        transport: Transport,
        greeting: &'static str,
    ) -> Result<Ledger> {
        let upstream = TcpEcho::greeting(greeting).await?;
        let listener = Listener::tcp("ledger", transport, upstream.address())
            .protocol(Protocol::Tcp(tcp))
            .module(module(configuration("tcp", resources))?);
        let envoy = Envoy::start(Bootstrap::new().listener(listener)).await?;
        Ok(Ledger { envoy, upstream })
    }
}

impl Orders {
    /// An HTTP/1.1 connection.
    pub(crate) async fn connect(&self, caller: &Caller) -> Result<http::Connection> {
        http::Connection::open(self.envoy.address("orders")?, caller, http::Version::Http1).await
    }

    /// Asks once and returns the status.
    pub(crate) async fn status(&self, caller: &Caller, ask: ClientRequest) -> Result<u16> {
        Ok(self.connect(caller).await?.send(ask).await?.status)
    }
}

pub(crate) fn module(configuration: Value) -> Result<Module> {
    Ok(Module::new(locate::module()?, configuration))
}

/// The plugin's configuration for the workload `orders`.
pub(crate) fn configuration(protocol: &str, resources: Value) -> Value {
    json!({
        "workload": {"namespace": "shop", "serviceAccount": "orders", "labels": {"app": "orders"}},
        "resources": resources,
        "protocol": protocol,
        "report": "all",
    })
}

pub(crate) fn policy(name: &str, action: &str, rules: Value) -> Value {
    json!({
        "apiVersion": "security.istio.io/v1",
        "kind": "AuthorizationPolicy",
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {"selector": {"matchLabels": {"app": "orders"}}, "action": action, "rules": rules},
    })
}

/// Allows everything to one service account of our trust domain.
pub(crate) fn allow_principal(name: &str, uri: &str) -> Value {
    let principal = uri.trim_start_matches("spiffe://");
    policy(
        name,
        "ALLOW",
        json!([{"from": [{"source": {"principals": [principal]}}]}]),
    )
}

/// The frontend reads orders, the backend creates them, and nobody may use administration.
pub(crate) fn shop() -> Value {
    let frontend = json!([{
        "from": [{"source": {"principals": ["cluster.local/ns/web/sa/frontend"]}}],
        "to": [{"operation": {"methods": ["GET"], "paths": ["/orders*"]}}],
    }]);
    let backend = json!([{
        "from": [{"source": {"principals": ["cluster.local/ns/shop/sa/backend"]}}],
        "to": [{"operation": {"methods": ["POST"], "paths": ["/orders"]}}],
    }]);
    let admin = json!([{"to": [{"operation": {"paths": ["/admin*"]}}]}]);
    json!([
        policy("frontend", "ALLOW", frontend),
        policy("backend", "ALLOW", backend),
        policy("no-admin", "DENY", admin)
    ])
}

pub(crate) fn peer_authentication(mode: &str) -> Value {
    json!({
        "apiVersion": "security.istio.io/v1",
        "kind": "PeerAuthentication",
        "metadata": {"name": "mode", "namespace": "shop"},
        "spec": {"mtls": {"mode": mode}},
    })
}

/// The connect mode of `tcp_proxy`: after the handshake, which Envoy 1.36 does not support.
pub(crate) fn after_handshake() -> Result<Tcp> {
    Ok(if locate::envoy_minor()? >= 37 {
        Tcp::default()
    } else {
        Tcp::immediate()
    })
}
