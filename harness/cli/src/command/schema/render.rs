//! The descriptions that `render` accepts; `docs/mtls.md` describes them in full.
#![expect(
    dead_code,
    reason = "for the schema; the renderer reads the descriptions itself"
)]

use std::collections::BTreeMap;

use peerwarden_documents::schema::{ExtensionProvider, Paths};
use peerwarden_suite::{Mesh, Workload};
use schemars::JsonSchema;

use super::plugin::{Enforcement, OpenConnections, Report};

/// The description for `peerwarden render inbound`: a workload.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Inbound {
    /// The workload that the policies select.
    workload: Workload,
    /// The mesh; Istio's defaults if omitted.
    mesh: Option<Mesh>,
    /// The external authorizers that CUSTOM policies name.
    extension_providers: Option<Vec<ExtensionProvider>>,
    /// What happens to open streams that are no longer allowed; `close` by default.
    open_connections: Option<OpenConnections>,
    /// How to treat paths that an application may read differently; `lenient` by default.
    paths: Option<Paths>,
    /// Which decisions set filter state for access logs; `all` by default.
    report: Option<Report>,
    /// The workload's certificate, and the roots that it trusts.
    certificates: Option<Certificates>,
    /// Its ports.
    #[schemars(length(min = 1))]
    ports: Vec<InboundPort>,
    /// The address of the ports; `0.0.0.0` by default.
    address: Option<String>,
    /// The module's file; `/etc/envoy/peerwarden.wasm` by default.
    module: Option<String>,
    /// The loopback address of Envoy's admin interface; `127.0.0.1:15000` by default.
    admin: Option<String>,
    /// `/dev/stdout` by default.
    access_log: Option<String>,
    /// Whether Envoy's own filters let nothing pass without the module; `true` by default.
    lock: Option<bool>,
    /// What happens to a request with an underscore in a header name; `reject` by default.
    underscores: Option<Underscores>,
    /// The roots for verifying the servers of `jwksUri`; `/etc/ssl/certs/ca-certificates.crt` by default.
    jwks_ca_certificates: Option<String>,
}

/// What happens to a request with an underscore in a header name.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum Underscores {
    /// The header reaches the application.
    Allow,
    /// The header is removed, and the request continues.
    Drop,
    /// The request is refused.
    Reject,
}

/// A port of the workload.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct InboundPort {
    /// The port number in policies, on which Envoy listens.
    #[schemars(range(min = 1))]
    port: u16,
    /// The protocol.
    protocol: Protocol,
    /// The address of the application, such as `127.0.0.1:18080`.
    upstream: String,
    /// For TCP: when its connections are decided on; `handshake` by default.
    enforcement: Option<Enforcement>,
}

/// The protocol, with Istio's names, in upper or lower case.
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

/// One of the two: PEM files that are read once, or files that are reloaded when they are replaced.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, extend("minProperties" = 1, "maxProperties" = 1))]
struct Certificates {
    /// A folder with `cert-chain.pem`, `key.pem` and `root-cert.pem`; `/etc/certs` by default.
    directory: Option<String>,
    /// A folder with `certificate.yaml` and `validation.yaml`, as `peerwarden certs` writes them.
    sds: Option<String>,
}

/// The description for `peerwarden render client`: a client and the services that it calls.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Client {
    /// The client.
    workload: ClientWorkload,
    /// The mesh; Istio's defaults if omitted.
    mesh: Option<ClientMesh>,
    /// The client's certificate, and the roots that it trusts.
    certificates: Option<Certificates>,
    /// The loopback address of Envoy's admin interface; none by default.
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
    /// `istio-system` by default.
    root_namespace: Option<String>,
    /// `cluster.local` by default.
    trust_domain: Option<String>,
}

/// A service that the client calls.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Service {
    /// Its host name, as in `DestinationRule`s.
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
    /// The port of the service.
    #[schemars(range(min = 1))]
    port: u16,
    /// The port of the pod; the same by default.
    #[schemars(range(min = 1))]
    target_port: Option<u16>,
    /// The port on loopback on which the client's Envoy listens for it.
    #[schemars(range(min = 1))]
    listen: u16,
    /// The protocol; `TCP` by default.
    protocol: Option<Protocol>,
}

/// A pod behind a service.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "camelCase")]
struct Endpoint {
    /// Its address.
    #[schemars(length(min = 1))]
    address: String,
    /// Its service account, which the client verifies.
    service_account: Option<String>,
    /// Its labels; `security.istio.io/tlsMode: istio` means that it accepts mutual TLS.
    labels: Option<BTreeMap<String, String>>,
}
