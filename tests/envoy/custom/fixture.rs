//! The workload `orders`, which calls an authorizer for paths that begin with `/ask`.

use std::net::SocketAddr;

use anyhow::Result;
use peerwarden_lab::authorizer::message::{HttpRequest, Peer};
use peerwarden_lab::authorizer::{GrpcAuthorizer, GrpcQuestion, HttpAuthorizer};
use peerwarden_lab::config::{Bootstrap, Cluster, Http, Listener, Module, Protocol, Transport};
use peerwarden_lab::envoy::Envoy;
use peerwarden_lab::upstream::HttpEcho;
use serde_json::{Value, json};

use crate::fixture::{Mesh, Orders, configuration, module, policy};

/// The name of the provider.
pub(crate) const AUTHORIZER: &str = "authorizer";

/// The module's reason for a denial by the authorizer because of [`ask`].
pub(crate) const DENIED_BY_ASK: &str =
    "deny authorizer-denied AuthorizationPolicy ns[shop]-policy[ask]-rule[0]";

/// The module's reason if the authorizer gave no usable answer.
pub(crate) const NO_ANSWER_TO_ASK: &str =
    "deny authorizer-failed AuthorizationPolicy ns[shop]-policy[ask]-rule[0]";

/// Calls the authorizer for `/ask` and below.
pub(crate) fn ask() -> Value {
    custom("ask", json!([{"to": [{"operation": {"paths": ["/ask*"]}}]}]))
}

/// Calls the authorizer for everything that these rules match.
pub(crate) fn custom(name: &str, rules: Value) -> Value {
    let mut policy = policy(name, "CUSTOM", rules);
    policy["spec"]["provider"] = json!({"name": AUTHORIZER});
    policy
}

/// An authorizer of this kind behind the cluster `authz`, with these additional fields.
pub(crate) fn provider(kind: &str, fields: Value) -> Value {
    let mut service = json!({
        "service": "authz.tools.svc.cluster.local",
        "port": 9000,
        "cluster": "authz",
        "timeout": "5s",
    });
    merge(&mut service, fields);
    json!([{"name": AUTHORIZER, kind: service}])
}

pub(crate) fn http_provider(fields: Value) -> Value {
    provider("envoyExtAuthzHttp", fields)
}

pub(crate) fn grpc_provider(fields: Value) -> Value {
    provider("envoyExtAuthzGrpc", fields)
}

fn merge(into: &mut Value, fields: Value) {
    if let (Value::Object(into), Value::Object(fields)) = (into, fields) {
        into.extend(fields);
    }
}

/// The module with these policies and providers.
pub(crate) fn asking(protocol: &str, resources: Value, providers: Value) -> Result<Module> {
    let mut configuration = configuration(protocol, resources);
    configuration["extensionProviders"] = providers;
    module(configuration)
}

/// Where the authorizer listens, as a cluster.
pub(crate) trait Authorizer {
    fn cluster(&self) -> Cluster;
}

impl Authorizer for HttpAuthorizer {
    fn cluster(&self) -> Cluster {
        Cluster::http1("authz", self.address())
    }
}

impl Authorizer for GrpcAuthorizer {
    fn cluster(&self) -> Cluster {
        Cluster::http2("authz", self.address())
    }
}

/// An HTTP listener whose module calls the authorizer.
pub(crate) fn listener(
    name: &str,
    transport: Transport,
    upstream: SocketAddr,
    resources: Value,
    providers: Value,
) -> Result<Listener> {
    let listener = Listener::new(name, transport, Protocol::Http(Http::default()), upstream);
    Ok(listener.module(asking("http", resources, providers)?))
}

/// Envoy with an mTLS listener, one worker, and the authorizer's cluster.
pub(crate) async fn orders(
    mesh: &Mesh,
    resources: Value,
    providers: Value,
    authorizer: &dyn Authorizer,
) -> Result<Orders> {
    let upstream = HttpEcho::start().await?;
    let listener = listener(
        "orders",
        Transport::mutual(&mesh.server),
        upstream.address(),
        resources,
        providers,
    )?;
    let bootstrap = Bootstrap::new().listener(listener).cluster(authorizer.cluster());
    let envoy = Envoy::start(bootstrap).await?;
    Ok(Orders { envoy, upstream })
}

/// Checks that no callback of the module has failed.
pub(crate) fn assert_sound(envoy: &Envoy) {
    let log = envoy.log();
    for sign in [
        "unreachable",
        "panicked",
        "Wasm VM failed",
        "proxy_wasm_vm_failed",
    ] {
        assert!(!log.contains(sign), "the module trapped:\n{log}");
    }
}

/// All values of a header.
pub(crate) fn values(headers: &::http::HeaderMap, name: &str) -> Vec<String> {
    let values = headers.get_all(name).iter();
    values
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        .collect()
}

/// The request in the authorizer's question.
pub(crate) fn told(question: &GrpcQuestion) -> Option<&HttpRequest> {
    question
        .request
        .attributes
        .as_ref()?
        .request
        .as_ref()?
        .http
        .as_ref()
}

/// The address and the port of one end.
pub(crate) fn socket(peer: Option<&Peer>) -> Option<(&str, u32)> {
    let address = peer?.address.as_ref()?.socket_address.as_ref()?;
    Some((&address.address, address.port_value))
}
