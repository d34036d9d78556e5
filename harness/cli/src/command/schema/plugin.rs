//! The module's configuration in Envoy.
#![expect(
    dead_code,
    reason = "for the schema; the engine reads the configuration itself"
)]

use peerwarden_documents::schema::{ExtensionProvider, Paths, policies};
use peerwarden_suite::Workload;
use schemars::{JsonSchema, Schema, SchemaGenerator};

/// The configuration of the module in Envoy.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "camelCase", title = "Plugin configuration")]
pub(super) struct Configuration {
    /// The mesh; Istio's defaults if omitted.
    mesh: Option<Mesh>,
    /// The workload; from Envoy's node metadata by default.
    workload: Option<Workload>,
    /// The policies, of the whole mesh or of this workload.
    #[schemars(schema_with = "documents")]
    resources: Option<()>,
    /// The external authorizers that CUSTOM policies name.
    extension_providers: Option<Vec<ExtensionProvider>>,
    /// The kind of filter chain that it is in; `http` by default.
    protocol: Option<Protocol>,
    /// For `protocol: tcp`.
    tcp: Option<Tcp>,
    /// What happens to open streams that are no longer allowed.
    open_connections: Option<OpenConnections>,
    /// How to treat paths that an application may read differently; `lenient` by default.
    paths: Option<Paths>,
    /// The second lock: a mark that Envoy's own filters after the module require; nothing passes without it. None by
    /// default.
    lock: Option<Lock>,
    /// Which decisions set filter state for access logs; `denied` by default.
    report: Option<Report>,
    /// Where Envoy's `jwt_authn` stores the payload of a verified token.
    jwt: Option<Jwt>,
}

/// The mesh.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "camelCase")]
struct Mesh {
    /// `istio-system` by default.
    root_namespace: Option<String>,
    /// `cluster.local` by default.
    trust_domain: Option<String>,
    /// Other names of the same trust domain.
    trust_domain_aliases: Option<Vec<String>>,
    /// Whether the CUSTOM policies of one workload may name several providers; false by default.
    multiple_custom_authz_providers: Option<bool>,
}

/// The kind of filter chain.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum Protocol {
    /// One decision for each request.
    Http,
    /// One decision for each connection.
    Tcp,
}

/// When a TCP connection is decided on.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Tcp {
    /// `handshake` by default.
    enforcement: Option<Enforcement>,
    /// For `hold`: the longest time that a connection is held, such as `10s`, before it is denied.
    #[schemars(regex(pattern = "^[0-9]+(\\.[0-9]+)?s$"))]
    deadline: Option<String>,
}

/// When a TCP connection is decided on.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
pub(super) enum Enforcement {
    /// On the first data of either side.
    Handshake,
    /// Before Envoy connects to the upstream.
    Hold,
}

/// What happens to open streams that are no longer allowed.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct OpenConnections {
    /// When a newer configuration denies it; by default `close`, but `keep` for requests.
    on_update: Option<OnChange>,
    /// When the peer's certificate expires; `close` by default.
    on_expiry: Option<OnChange>,
}

/// What happens to it.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum OnChange {
    /// It is closed.
    Close,
    /// It continues until it ends.
    Keep,
}

/// The second lock.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum Lock {
    /// For `protocol: http`, whether an allowed request is marked.
    Requests(bool),
    /// For `protocol: tcp`, the cluster that connections go to.
    Connections(Cluster),
    /// For `protocol: tcp` and several listeners, the cluster by the port that the client connected to.
    ConnectionsByPort(Clusters),
}

/// The cluster that connections go to.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Cluster {
    /// Its name.
    #[schemars(length(min = 1))]
    cluster: String,
}

/// The cluster that connections go to, by the port that the client connected to.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Clusters {
    /// Its name, by the port.
    clusters: std::collections::BTreeMap<String, String>,
}

/// Which decisions set filter state for access logs.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
pub(super) enum Report {
    /// Those that deny.
    Denied,
    /// Also those that allow, which costs some calls to Envoy for each.
    All,
}

/// Where Envoy's `jwt_authn` stores the payload of a verified token.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Jwt {
    /// The metadata's namespace; `envoy.filters.http.jwt_authn` by default.
    #[schemars(length(min = 1))]
    filter: Option<String>,
    /// The key in it, `payload_in_metadata` of the provider; `payload` by default.
    #[schemars(length(min = 1))]
    key: Option<String>,
}

fn documents(generator: &mut SchemaGenerator) -> Schema {
    let document = policies::document(generator);
    schemars::json_schema!({
        "description": "The policies, of the whole mesh or of this workload.",
        "type": ["array", "null"],
        "items": document,
    })
}
