//! Compares the module with Envoy's own `ext_authz` filter, which Istio configures: the same authorizer gets the same questions,
//! and its answers have the same effect. This also shows that the laboratory's authorizer speaks Envoy's protocol.

mod chain;
mod grpc;
mod http;

use std::collections::BTreeMap;

use anyhow::Result;
use peerwarden_lab::client::{self, Caller, ClientRequest, Reply};
use peerwarden_lab::config::{
    Bootstrap, ClientCertificate, Cluster, Http, Listener, Module, Protocol, Transport,
};
use peerwarden_lab::envoy::Envoy;
use peerwarden_lab::upstream::HttpEcho;
use serde_json::{Value, json};

use super::fixture::{ask, asking};
use crate::fixture::{FRONTEND, Mesh};

/// One Envoy with two listeners: one with Envoy's filter, one with the module.
struct FilterPair {
    envoy: Envoy,
    upstream: HttpEcho,
    caller: Caller,
}

/// The result of one request.
#[derive(Debug, PartialEq)]
struct FilterResult {
    status: u16,
    body: String,
    reply: BTreeMap<String, Vec<String>>,
    /// What reached the upstream, if anything did.
    upstream: Option<BTreeMap<String, Vec<String>>>,
}

fn headers(map: &::http::HeaderMap) -> BTreeMap<String, Vec<String>> {
    /// Headers that differ from request to request.
    const OWN: [&str; 3] = ["date", "x-request-id", "x-envoy-upstream-service-time"];
    let mut headers: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in map {
        if !OWN.contains(&name.as_str()) {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            headers.entry(name.to_string()).or_default().push(value);
        }
    }
    headers
}

/// Envoy's filter; `service` is the part about the authorizer.
fn ext_authz(service: Value) -> Value {
    let mut config = json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz",
        "transport_api_version": "V3",
        "status_on_error": {"code": "BadGateway"},
        "include_tls_session": true,
    });
    for (key, value) in service.as_object().into_iter().flatten() {
        config[key] = value.clone();
    }
    json!({"name": "envoy.filters.http.ext_authz", "typed_config": config})
}

impl FilterPair {
    async fn start(mesh: &Mesh, cluster: Cluster, native: Value, providers: Value) -> Result<Self> {
        let module = asking("http", json!([ask()]), providers)?;
        Self::of(mesh, vec![cluster], vec![ext_authz(native)], module).await
    }

    /// Of these filters, and the module.
    async fn of(mesh: &Mesh, clusters: Vec<Cluster>, before: Vec<Value>, module: Module) -> Result<Self> {
        let upstream = HttpEcho::start().await?;
        let transport = Transport::Inspected(mesh.server.clone(), ClientCertificate::Required);
        let http = Http {
            before,
            ..Http::default()
        };
        let native = Listener::new(
            "native",
            transport.clone(),
            Protocol::Http(http),
            upstream.address(),
        );
        let protocol = Protocol::Http(Http::default());
        let module = Listener::new("module", transport, protocol, upstream.address()).module(module);
        let bootstrap = Bootstrap::new().listener(native).listener(module);
        let envoy = Envoy::start(clusters.into_iter().fold(bootstrap, Bootstrap::cluster)).await?;
        let caller = mesh.caller(FRONTEND)?.server_name("orders.mesh.lab");
        Ok(Self {
            envoy,
            upstream,
            caller,
        })
    }

    async fn outcome(&self, listener: &str, ask: ClientRequest) -> Result<FilterResult> {
        let before = self.upstream.seen().len();
        let address = self.envoy.address(listener)?;
        let reply: Reply =
            client::http::once(address, &self.caller, client::http::Version::Http1, ask).await?;
        let seen = self.upstream.seen();
        let upstream = seen.get(before).map(|seen| headers(&seen.headers));
        let mut outcome = FilterResult {
            status: reply.status,
            body: reply.body,
            reply: headers(&reply.headers),
            upstream,
        };
        if outcome.upstream.is_some() {
            // The upstream returns what it saw, including the request's id.
            outcome.body.clear();
            outcome.reply.remove("content-length");
        }
        Ok(outcome)
    }

    /// Checks that both behave the same.
    async fn agree(&self, path: &str) -> Result<FilterResult> {
        let ask = || {
            ClientRequest::post(path)
                .header("x-user", "root")
                .header("x-user", "admin")
                .header("x-gone", "1")
                .header("x-team", "a")
                .header("authorization", "Bearer token")
                .body("12345")
        };
        let native = self.outcome("native", ask()).await?;
        let module = self.outcome("module", ask()).await?;
        assert_eq!(module, native, "{path}: the module, and Envoy's own filter");
        Ok(module)
    }
}
