//! The suite file, field by field; its JSON Schema is generated from these types.

use std::collections::BTreeMap;

use peerwarden_documents::schema::{ExtensionProvider, Paths};
use peerwarden_documents::yaml::Node;
use peerwarden_traffic::{self, AuthorizerAnswer, Endpoint, HeaderLines, Http, Jwt, Protocol, Tls, Traffic};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use serde_saphyr::Spanned;

/// A test suite for authorization policies.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("anyOf" = [{"required": ["workload"]}, {"required": ["fixtures"]}]))]
pub struct Suite {
    /// Files shared by several suites, relative to this file's folder, with `workload`, `mesh`, `extensionProviders`,
    /// `paths`, `peers`, `requests`. A later file takes precedence over an earlier one, and this file over all of them.
    #[serde(default, deserialize_with = "peerwarden_traffic::or_default")]
    #[schemars(with = "Option<Vec<String>>")]
    pub fixtures: Vec<Spanned<String>>,
    /// The protected workload: `kind`, `namespace`, `serviceAccount`, `labels`; or a file with a Deployment or another workload; or the
    /// name of one among the documents of `policies`, such as `deploy/orders`.
    #[serde(default)]
    #[schemars(with = "Option<WorkloadOrName>")]
    pub workload: Option<Node>,
    /// The mesh: `rootNamespace`, `trustDomain`, `trustDomainAliases`, `caCertificates`; or a file with these, with a MeshConfig, the
    /// ConfigMap `istio`, an IstioOperator, or Helm values of istiod. Istio's defaults if omitted.
    #[serde(default)]
    #[schemars(with = "Option<MeshOrFile>")]
    pub mesh: Option<Node>,
    /// Files and folders with the policies under test, relative to this file's folder.
    #[serde(default, deserialize_with = "peerwarden_traffic::or_default")]
    #[schemars(with = "Option<Vec<String>>")]
    pub policies: Vec<Spanned<String>>,
    /// Policies that are written here instead of in separate files.
    #[serde(default, deserialize_with = "peerwarden_traffic::or_default")]
    #[schemars(with = "Option<Vec<serde_json::Map<String, serde_json::Value>>>")]
    pub resources: Vec<Node>,
    /// The external authorizers that CUSTOM policies name, as in Istio's mesh config.
    #[serde(default, rename = "extensionProviders")]
    #[schemars(with = "Option<Vec<ExtensionProvider>>")]
    pub extension_providers: Option<Node>,
    /// How to treat paths that an application may read differently, as `paths` in the module's configuration; `lenient` by
    /// default.
    #[serde(default)]
    pub paths: Option<Paths>,
    /// Callers, by names of your choice.
    #[serde(default, deserialize_with = "peerwarden_traffic::or_default")]
    #[schemars(with = "Option<BTreeMap<String, Caller>>")]
    pub peers: BTreeMap<String, Spanned<Caller>>,
    /// Requests, by names of your choice.
    #[serde(default, deserialize_with = "peerwarden_traffic::or_default")]
    #[schemars(with = "Option<BTreeMap<String, Request>>")]
    pub requests: BTreeMap<String, Spanned<Request>>,
    /// Tables: requests across, peers down, a verdict in each cell.
    #[serde(default, deserialize_with = "peerwarden_traffic::or_default")]
    #[schemars(with = "Option<Vec<Matrix>>")]
    pub matrix: Vec<Spanned<Matrix>>,
    /// A file, `….md` below this file's folder, with the verdict for each peer and each request. Written by `peerwarden test`; a
    /// difference is a failure.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub snapshot: Option<Spanned<String>>,
    /// Single cases.
    #[serde(default, deserialize_with = "peerwarden_traffic::or_default")]
    #[schemars(with = "Option<Vec<CaseEntry>>")]
    pub cases: Vec<CaseEntry>,
}

/// A workload, or a file or a name that stands for one.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "for the schema")]
pub(crate) enum WorkloadOrName {
    /// A file, or a name such as `deploy/orders`.
    Name(String),
    /// The workload.
    Workload(Box<Workload>),
}

/// A mesh, or a file with one.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "for the schema")]
pub(crate) enum MeshOrFile {
    /// A file.
    File(String),
    /// The mesh.
    Mesh(Box<Mesh>),
}

/// The workload, as `workload` in the plugin's configuration.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "camelCase")]
#[expect(dead_code, reason = "for the schema; the engine reads the value itself")]
pub struct Workload {
    /// `sidecar` (default), `gateway` or `waypoint`.
    kind: Option<String>,
    /// Its namespace.
    namespace: String,
    /// Its service account.
    service_account: Option<String>,
    /// Its labels.
    labels: Option<BTreeMap<String, String>>,
    /// For a waypoint: the service of this traffic.
    services: Option<Vec<Service>>,
}

/// The service of traffic through a waypoint.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "for the schema; the engine reads the value itself")]
struct Service {
    /// `Service` (default) or `ServiceEntry`.
    kind: Option<String>,
    /// Its name.
    name: String,
    /// Its namespace.
    namespace: String,
}

/// The mesh: as `mesh` in the plugin's configuration, and the peers that the handshake accepts.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "camelCase")]
#[expect(dead_code, reason = "for the schema; the engine reads the value itself")]
pub struct Mesh {
    /// `istio-system` by default.
    root_namespace: Option<String>,
    /// `cluster.local` by default.
    trust_domain: Option<String>,
    /// Other names of the same trust domain.
    trust_domain_aliases: Option<Vec<String>>,
    /// Whether the CUSTOM policies of one workload may name several providers; false by default.
    multiple_custom_authz_providers: Option<bool>,
    /// The roots of other trust domains, whose peers the handshake also accepts.
    ca_certificates: Option<Vec<CaCertificates>>,
}

/// Roots of other trust domains, as in Istio's mesh config.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "camelCase")]
#[expect(dead_code, reason = "for the schema; the renderer reads the value itself")]
struct CaCertificates {
    /// Root certificates, in PEM.
    #[schemars(length(min = 1))]
    pem: String,
    /// The trust domains of these roots.
    #[schemars(length(min = 1))]
    trust_domains: Vec<String>,
}

/// The caller: `plaintext`, `no-certificate` (TLS without one), a SPIFFE ID, or the certificate's names and the address.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(untagged)]
pub enum Caller {
    /// `plaintext`, `no-certificate`, or a URI SAN such as `spiffe://cluster.local/ns/web/sa/frontend`.
    Word(String),
    /// All fields.
    Described(CallerFields),
}

/// A caller in full; omitted fields are taken from the request.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct CallerFields {
    /// A URI SAN; short for `tls.peer.uriSans` with one entry.
    pub spiffe: Option<String>,
    /// How the connection is secured.
    #[serde(deserialize_with = "peerwarden_traffic::optional_object")]
    pub tls: Option<Tls>,
    /// The direct peer's address.
    #[serde(deserialize_with = "peerwarden_traffic::optional_object")]
    pub source: Option<Endpoint>,
    /// The original client's address.
    #[serde(deserialize_with = "peerwarden_traffic::address")]
    pub remote_ip: Option<std::net::IpAddr>,
    /// Its tokens.
    pub jwt: Option<Jwt>,
}

/// The request: `METHOD /path`, or traffic in full.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(untagged)]
pub enum Request {
    /// `METHOD /path`, or `tcp PORT`.
    Line(String),
    /// In full; the fields of `http` may also be at the top level.
    Full(Box<RequestFields>),
}

/// A request with all its fields.
#[derive(Debug, Clone, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct RequestFields {
    /// `http` by default.
    #[serde(deserialize_with = "peerwarden_traffic::or_default")]
    #[schemars(with = "Option<Protocol>")]
    pub protocol: Protocol,
    /// Short for `destination.port`.
    pub port: Option<u16>,
    /// Short for `http.method`.
    pub method: Option<String>,
    /// Short for `http.host`.
    pub host: Option<String>,
    /// Short for `http.path`.
    pub path: Option<String>,
    /// Short for `http.headers`.
    #[serde(deserialize_with = "peerwarden_traffic::or_default")]
    #[schemars(with = "Option<BTreeMap<String, HeaderLines>>")]
    pub headers: BTreeMap<String, HeaderLines>,
    /// The server name of the TLS handshake; short for `tls.sni`.
    pub sni: Option<String>,
    /// The direct peer.
    #[serde(deserialize_with = "peerwarden_traffic::object")]
    #[schemars(with = "Option<Endpoint>")]
    pub source: Endpoint,
    /// The original client.
    #[serde(deserialize_with = "peerwarden_traffic::address")]
    pub remote_ip: Option<std::net::IpAddr>,
    /// The destination of the connection.
    #[serde(deserialize_with = "peerwarden_traffic::object")]
    #[schemars(with = "Option<Endpoint>")]
    pub destination: Endpoint,
    /// The request.
    #[serde(deserialize_with = "peerwarden_traffic::optional_object")]
    pub http: Option<Http>,
    /// Its tokens.
    pub jwt: Option<Jwt>,
    /// Other dynamic metadata.
    #[serde(deserialize_with = "peerwarden_traffic::or_default")]
    #[schemars(with = "Option<BTreeMap<String, serde_json::Map<String, serde_json::Value>>>")]
    pub dynamic_metadata: BTreeMap<String, serde_json::Map<String, serde_json::Value>>,
    /// The answers of external authorizers, by the names of their providers; an omitted one fails.
    #[serde(
        deserialize_with = "peerwarden_traffic::or_default",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    #[schemars(with = "Option<BTreeMap<String, AuthorizerAnswer>>")]
    pub authorizers: BTreeMap<String, AuthorizerAnswer>,
}

/// A table.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Matrix {
    /// The columns: names from `requests`.
    #[schemars(with = "Vec<String>")]
    pub requests: Vec<Spanned<String>>,
    /// The rows: a name from `peers`, `plaintext`, `no-certificate` or a SPIFFE ID, and one verdict for each request.
    #[schemars(with = "BTreeMap<String, Vec<Verdict>>")]
    pub expect: BTreeMap<String, Spanned<Vec<Spanned<Verdict>>>>,
}

/// The expected verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It is allowed.
    Allow,
    /// It is denied.
    Deny,
}

/// One case.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CaseEntry {
    /// The name; made from peer and request by default.
    pub name: Option<String>,
    /// The caller: a name from `peers`, or the same as an entry of it; plaintext by default.
    #[schemars(with = "Option<Caller>")]
    pub peer: Option<Spanned<Caller>>,
    /// The request: a name from `requests`, or the same as an entry of it.
    #[schemars(with = "Option<Request>")]
    pub request: Option<Spanned<Request>>,
    /// Traffic in full, instead of `peer` and `request`.
    #[schemars(with = "Option<Traffic>")]
    pub traffic: Option<Spanned<Traffic>>,
    /// The expected verdict.
    #[schemars(with = "Verdict")]
    pub expect: Spanned<Verdict>,
    /// What must decide: `none`, `NAME`, `NAMESPACE/NAME` or `NAMESPACE/NAME[RULE]`, rules counted from 0, with
    /// `PeerAuthentication ` in front for a mode, and `RequestAuthentication ` for a refused token.
    #[schemars(with = "Option<String>")]
    pub by: Option<Spanned<String>>,
    /// Why it is skipped.
    pub skip: Option<String>,
}

impl<'de> Deserialize<'de> for Caller {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        word_or_map(
            deserializer,
            "the name of a peer, `plaintext`, `no-certificate`, a SPIFFE ID, or a mapping",
            Caller::Word,
            Caller::Described,
        )
    }
}

impl<'de> Deserialize<'de> for Request {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        word_or_map(
            deserializer,
            "the name of a request, `METHOD /path`, or a mapping",
            Request::Line,
            |asked| Request::Full(Box::new(asked)),
        )
    }
}

/// Reads a text or a mapping; unlike an untagged enum, it reports errors within the mapping.
fn word_or_map<'de, D: Deserializer<'de>, M: Deserialize<'de>, T>(
    deserializer: D,
    expecting: &'static str,
    word: fn(String) -> T,
    map: fn(M) -> T,
) -> Result<T, D::Error> {
    struct Visitor<M, T> {
        expecting: &'static str,
        word: fn(String) -> T,
        map: fn(M) -> T,
    }

    impl<'de, M: Deserialize<'de>, T> serde::de::Visitor<'de> for Visitor<M, T> {
        type Value = T;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str(self.expecting)
        }

        fn visit_str<E>(self, text: &str) -> Result<T, E> {
            Ok((self.word)(text.to_owned()))
        }

        fn visit_map<A: serde::de::MapAccess<'de>>(self, entries: A) -> Result<T, A::Error> {
            M::deserialize(serde::de::value::MapAccessDeserializer::new(entries)).map(self.map)
        }
    }

    deserializer.deserialize_any(Visitor { expecting, word, map })
}
