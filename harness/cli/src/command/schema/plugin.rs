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
    /// The mesh; Istio's defaults when left out.
    mesh: Option<Mesh>,
    /// The workload; from Envoy's node metadata when left out.
    workload: Option<Workload>,
    /// The policies, of the whole mesh or of this workload.
    #[schemars(schema_with = "documents")]
    resources: Option<()>,
    /// The external authorizers that CUSTOM policies name.
    extension_providers: Option<Vec<ExtensionProvider>>,
    /// Which filter chain it is in; `http` when left out.
    protocol: Option<Protocol>,
    /// For `protocol: tcp`.
    tcp: Option<Tcp>,
    /// What becomes of what is open when it is no longer allowed.
    open_connections: Option<OpenConnections>,
    /// Which paths are established; `lenient` when left out.
    paths: Option<Paths>,
    /// The second lock: what is left for Envoy's own filters behind the module, which let nothing pass without it. Nothing when left out.
    lock: Option<Lock>,
    /// Of which decisions there is filter state for access logs; `denied` when left out.
    report: Option<Report>,
    /// Where Envoy's `jwt_authn` leaves the payload of a verified token.
    jwt: Option<Jwt>,
}

/// The mesh.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "camelCase")]
struct Mesh {
    /// `istio-system` when left out.
    root_namespace: Option<String>,
    /// `cluster.local` when left out.
    trust_domain: Option<String>,
    /// Other names of the same trust domain.
    trust_domain_aliases: Option<Vec<String>>,
}

/// Which filter chain it is in.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum Protocol {
    /// One decision for each request.
    Http,
    /// One decision for each connection.
    Tcp,
}

/// When a TCP connection is decided.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Tcp {
    /// `handshake` when left out.
    enforcement: Option<Enforcement>,
    /// Of `hold`: how long a connection is held at most, such as `10s`; then it is denied.
    #[schemars(regex(pattern = "^[0-9]+(\\.[0-9]+)?s$"))]
    deadline: Option<String>,
}

/// When a TCP connection is decided.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
pub(super) enum Enforcement {
    /// On the first data of either side.
    Handshake,
    /// Before the upstream is dialled.
    Hold,
}

/// What becomes of what is open when it is no longer allowed.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct OpenConnections {
    /// When a newer configuration denies it; `close`, but `keep` for requests, when left out.
    on_update: Option<OnChange>,
    /// When the peer's certificate expires; `close` when left out.
    on_expiry: Option<OnChange>,
}

/// What becomes of it.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum OnChange {
    /// It is closed.
    Close,
    /// It goes on until it ends.
    Keep,
}

/// The second lock.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum Lock {
    /// For `protocol: http`, whether an allowed request is marked.
    Requests(bool),
    /// For `protocol: tcp`, the cluster that connections go on to.
    Connections(Cluster),
    /// For `protocol: tcp` and several listeners, the cluster by the port that the client connected to.
    ConnectionsByPort(Clusters),
}

/// The cluster that connections go on to.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Cluster {
    /// Its name.
    #[schemars(length(min = 1))]
    cluster: String,
}

/// The cluster that connections go on to, by the port that the client connected to.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Clusters {
    /// Its name, by the port.
    clusters: std::collections::BTreeMap<String, String>,
}

/// Of which decisions there is filter state for access logs.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
pub(super) enum Report {
    /// Of those that deny.
    Denied,
    /// Of those that allow, too; it costs some calls to Envoy for each.
    All,
}

/// Where Envoy's `jwt_authn` leaves the payload of a verified token.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Jwt {
    /// The metadata's namespace; `envoy.filters.http.jwt_authn` when left out.
    #[schemars(length(min = 1))]
    filter: Option<String>,
    /// The key in it, `payload_in_metadata` of the provider; `payload` when left out.
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
