//! The descriptions that `render` takes; `docs/mtls.md` has them at length.
#![expect(
    dead_code,
    reason = "for the schema; the renderer reads the descriptions itself"
)]

use std::collections::BTreeMap;

use peerwarden_documents::schema::{ExtensionProvider, Paths};
use peerwarden_suite::{Mesh, Workload};
use schemars::JsonSchema;

use super::plugin::{Enforcement, OpenConnections, Report};

/// A workload, for `peerwarden render inbound`.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Inbound {
    /// Whom the policies select.
    workload: Workload,
    /// The mesh; Istio's defaults when left out.
    mesh: Option<Mesh>,
    /// The external authorizers that CUSTOM policies name.
    extension_providers: Option<Vec<ExtensionProvider>>,
    /// What becomes of what is open when it is no longer allowed; `close` when left out.
    open_connections: Option<OpenConnections>,
    /// Which paths are established; `lenient` when left out.
    paths: Option<Paths>,
    /// Of which decisions there is filter state for access logs; `all` when left out.
    report: Option<Report>,
    /// What the workload shows, and whom it trusts.
    certificates: Option<Certificates>,
    /// Its ports.
    #[schemars(length(min = 1))]
    ports: Vec<InboundPort>,
    /// What the ports are bound to; `0.0.0.0` when left out.
    address: Option<String>,
    /// The module's file; `/etc/envoy/peerwarden.wasm` when left out.
    module: Option<String>,
    /// Where Envoy's administration listens, on loopback; `127.0.0.1:15000` when left out.
    admin: Option<String>,
    /// `/dev/stdout` when left out.
    access_log: Option<String>,
    /// Whether Envoy's own filters let nothing pass without the module; so it is when left out.
    lock: Option<bool>,
    /// What becomes of a request with a header whose name has an underscore; `reject` when left out.
    underscores: Option<Underscores>,
}

/// What becomes of a request with a header whose name has an underscore.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum Underscores {
    /// The header reaches the application.
    Allow,
    /// The header is removed, and the request goes on.
    Drop,
    /// The request is refused.
    Reject,
}

/// A port of the workload.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct InboundPort {
    /// The number that policies name, on which Envoy listens.
    #[schemars(range(min = 1))]
    port: u16,
    /// What is spoken there.
    protocol: Protocol,
    /// Where the application listens, such as `127.0.0.1:18080`.
    upstream: String,
    /// When its connections are decided, where bytes are spoken; `handshake` when left out.
    enforcement: Option<Enforcement>,
}

/// What is spoken, as Istio calls it; in letters of any case.
#[derive(JsonSchema)]
enum Protocol {
    #[schemars(rename = "HTTP")]
    Http,
    #[schemars(rename = "HTTP2")]
    Http2,
    #[schemars(rename = "GRPC")]
    Grpc,
    #[schemars(rename = "GRPC-Web")]
    GrpcWeb,
    #[schemars(rename = "TCP")]
    Tcp,
    #[schemars(rename = "MySQL")]
    MySql,
    Mongo,
    Redis,
    #[schemars(rename = "TLS")]
    Tls,
    #[schemars(rename = "HTTPS")]
    Https,
}

/// One of the two: PEM files that are read once, or files that are taken in again when they are replaced.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, extend("minProperties" = 1, "maxProperties" = 1))]
struct Certificates {
    /// A folder with `cert-chain.pem`, `key.pem` and `root-cert.pem`; `/etc/certs` when nothing is said.
    directory: Option<String>,
    /// A folder with `certificate.yaml` and `validation.yaml`, as `peerwarden certs` writes them.
    sds: Option<String>,
}

/// A client and whom it calls, for `peerwarden render client`.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Client {
    /// The client.
    workload: ClientWorkload,
    /// The mesh; Istio's defaults when left out.
    mesh: Option<ClientMesh>,
    /// What the client shows, and whom it trusts.
    certificates: Option<Certificates>,
    /// Where Envoy's administration listens, on loopback; nowhere when left out.
    admin: Option<String>,
    /// The services that it calls.
    #[schemars(length(min = 1))]
    services: Vec<Service>,
}

/// The client.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "camelCase")]
struct ClientWorkload {
    /// Its namespace.
    #[schemars(length(min = 1))]
    namespace: String,
    /// Its service account.
    service_account: Option<String>,
    /// Its labels.
    labels: Option<BTreeMap<String, String>>,
}

/// The mesh.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "camelCase")]
struct ClientMesh {
    /// `istio-system` when left out.
    root_namespace: Option<String>,
    /// `cluster.local` when left out.
    trust_domain: Option<String>,
}

/// A service that is called.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Service {
    /// Its name, as `DestinationRule`s have it.
    #[schemars(length(min = 1))]
    host: String,
    /// Its namespace.
    #[schemars(length(min = 1))]
    namespace: String,
    /// Its ports.
    #[schemars(length(min = 1))]
    ports: Vec<ServicePort>,
    /// The pods behind it.
    #[schemars(length(min = 1))]
    endpoints: Vec<Endpoint>,
}

/// A port of a service.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "camelCase")]
struct ServicePort {
    /// The service's.
    #[schemars(range(min = 1))]
    port: u16,
    /// The pod's own; the same when left out.
    #[schemars(range(min = 1))]
    target_port: Option<u16>,
    /// Where the client's Envoy listens for it, on loopback.
    #[schemars(range(min = 1))]
    listen: u16,
    /// What is spoken there; `TCP` when left out.
    protocol: Option<Protocol>,
}

/// A pod behind a service.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "camelCase")]
struct Endpoint {
    /// Its address.
    #[schemars(length(min = 1))]
    address: String,
    /// Its service account, whom the client expects to find there.
    service_account: Option<String>,
    /// Its labels; `security.istio.io/tlsMode: istio` says that it takes mutual TLS.
    labels: Option<BTreeMap<String, String>>,
}
