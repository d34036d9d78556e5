//! `AuthorizationPolicy` and `PeerAuthentication`: <https://istio.io/latest/docs/reference/config/security/>.
//!
//! A field that may be left out may be null, which is the same to Kubernetes.
#![expect(dead_code, reason = "for the schema; the engine reads the documents itself")]

mod authorization_policy;
mod document;
mod peer_authentication;
mod rule;
mod target;
mod values;

use schemars::{JsonSchema, Schema};
use serde_json::{Value, json};

/// A number from 1 to 65535.
const UP_TO_65535: &str =
    "([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])";

/// The version of the documents' group.
#[derive(JsonSchema)]
enum ApiVersion {
    #[schemars(rename = "security.istio.io/v1")]
    V1,
    #[schemars(rename = "security.istio.io/v1beta1")]
    V1Beta1,
}

/// Who may do what.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "camelCase", transform = no_dry_run_of_others)]
pub(super) struct AuthorizationPolicy {
    api_version: ApiVersion,
    kind: String,
    metadata: Metadata,
    /// What it allows or denies; an empty one, `{}`, allows nothing.
    spec: Option<AuthorizationPolicySpec>,
    /// What the API server adds.
    status: Option<Value>,
}

/// What it allows or denies.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "camelCase", transform = shape)]
struct AuthorizationPolicySpec {
    /// The workloads that it applies to, by their labels; all workloads of the namespace by default.
    selector: Option<Selector>,
    /// What it is attached to, instead of a selector.
    target_refs: Option<Vec<TargetRef>>,
    /// The older form of `targetRefs`, with one entry.
    target_ref: Option<TargetRef>,
    /// What happens to traffic that a rule matches; ALLOW by default.
    action: Option<Action>,
    /// The rules, one of which must match. Without rules, ALLOW allows nothing; an empty rule, `{}`, matches everything.
    rules: Option<Vec<Rule>>,
    /// For CUSTOM: the external authorizer.
    provider: Option<Provider>,
}

/// What happens to traffic that a rule matches.
#[derive(JsonSchema)]
#[schemars(rename_all = "UPPERCASE")]
enum Action {
    /// Allow it. Traffic that no ALLOW policy of the workload matches is denied.
    Allow,
    /// Deny it, even if an ALLOW policy matches.
    Deny,
    /// Mark it for the log, without changing the verdict.
    Audit,
    /// Ask an external authorizer, before DENY and ALLOW.
    Custom,
}

/// An entry of `extensionProviders`.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Provider {
    /// Its name.
    name: Option<String>,
}

/// Workloads, by their labels.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "camelCase")]
struct Selector {
    /// The labels that a workload must have, with these values.
    match_labels: Option<Labels>,
}

/// Labels and their values.
#[derive(JsonSchema)]
#[schemars(transparent, extend("propertyNames" = {"minLength": 1, "pattern": "^[^*]*$"}))]
struct Labels(BTreeMap<String, Label>);

/// The value of a label, compared exactly, without wildcards.
#[derive(JsonSchema)]
#[schemars(transparent)]
struct Label(#[schemars(length(max = 63), regex(pattern = "^[^*]*$"))] String);

/// What a policy is attached to, in its own namespace.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct TargetRef {
    /// The API group; empty for the core group.
    group: Option<TargetGroup>,
    /// The kind.
    kind: TargetKind,
    /// The name.
    name: Name,
    /// Must be omitted: it is the policy's own.
    #[schemars(length(max = 0))]
    namespace: Option<String>,
}

/// The API group of a target.
#[derive(JsonSchema)]
enum TargetGroup {
    #[schemars(rename = "gateway.networking.k8s.io")]
    Gateway,
    #[schemars(rename = "networking.istio.io")]
    Networking,
    #[schemars(rename = "core")]
    Core,
    #[schemars(rename = "")]
    Empty,
}

/// The kind of a target.
#[derive(JsonSchema)]
enum TargetKind {
    Gateway,
    GatewayClass,
    Service,
    ServiceEntry,
}

/// A non-empty string.
#[derive(JsonSchema)]
#[schemars(transparent)]
struct Name(#[schemars(length(min = 1))] String);

/// `from`, `to` and `when` must all match; an omitted one matches everything.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Rule {
    /// The callers: one entry must match.
    #[schemars(length(min = 1))]
    from: Option<Vec<From>>,
    /// The operations: one entry must match.
    #[schemars(length(min = 1))]
    to: Option<Vec<To>>,
    /// Further conditions, which must all hold.
    when: Option<Vec<Condition>>,
}

/// An entry of `from`.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct From {
    /// Who asks.
    source: Source,
}

/// The caller. All fields must match; within a field, one value.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "camelCase", extend("minProperties" = 1), transform = accounts_alone)]
struct Source {
    /// Peers by their SPIFFE ID without the scheme, such as `cluster.local/ns/web/sa/frontend`; `*` at one end for anything.
    principals: Option<Vec<Name>>,
    /// None of these peers. Callers without a certificate match.
    not_principals: Option<Vec<Name>>,
    /// `ISSUER/SUBJECT` of a verified token.
    request_principals: Option<Vec<Name>>,
    /// None of these tokens.
    not_request_principals: Option<Vec<Name>>,
    /// Namespaces of the peer.
    namespaces: Option<Vec<Name>>,
    /// None of these namespaces.
    not_namespaces: Option<Vec<Name>>,
    /// Service accounts of the peer: `NAMESPACE/NAME`, or `NAME` in the policy's own namespace.
    #[schemars(length(max = 16))]
    service_accounts: Option<Vec<ServiceAccount>>,
    /// None of these service accounts.
    #[schemars(length(max = 16))]
    not_service_accounts: Option<Vec<ServiceAccount>>,
    /// Trust domains of the peer.
    trust_domains: Option<Vec<TrustDomain>>,
    /// None of these trust domains.
    not_trust_domains: Option<Vec<TrustDomain>>,
    /// Addresses or CIDRs of the direct peer.
    ip_blocks: Option<Vec<Block>>,
    /// None of these addresses.
    not_ip_blocks: Option<Vec<Block>>,
    /// Addresses or CIDRs of the original client, as trusted proxies report it.
    remote_ip_blocks: Option<Vec<Block>>,
    /// None of these addresses.
    not_remote_ip_blocks: Option<Vec<Block>>,
}

/// An address or a CIDR.
#[derive(JsonSchema)]
#[schemars(transparent)]
struct Block(#[schemars(regex(pattern = block()))] String);

/// Of an IPv4 address each number; of an IPv6 address only which characters it may have.
fn block() -> String {
    const OCTET: &str = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
    let v4 = format!(r"({OCTET}\.){{3}}{OCTET}(/([0-9]|[12][0-9]|3[0-2]))?");
    let v6 = "[0-9a-fA-F]*:[0-9a-fA-F:.]*(/([0-9]{1,2}|1[01][0-9]|12[0-8]))?";
    format!("^({v4}|{v6})$")
}

/// A service account, without wildcards.
#[derive(JsonSchema)]
#[schemars(transparent)]
struct ServiceAccount(#[schemars(regex(pattern = "^[^/*]+(/[^/*]+)?$"))] String);

/// A trust domain; `*` at one end for anything.
#[derive(JsonSchema)]
#[schemars(transparent)]
struct TrustDomain(#[schemars(regex(pattern = "^([*]?[^/*]+|[^/*]+[*]|[*])$"))] String);

/// An entry of `to`.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct To {
    /// What is asked.
    operation: Operation,
}

/// The operation. All fields must match; within a field, one value.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "camelCase", extend("minProperties" = 1))]
struct Operation {
    /// Hosts as in the request, with the port if the request has one.
    hosts: Option<Vec<Name>>,
    /// None of these hosts.
    not_hosts: Option<Vec<Name>>,
    /// Ports of the workload, as strings.
    ports: Option<Vec<Port>>,
    /// None of these ports.
    not_ports: Option<Vec<Port>>,
    /// Methods.
    methods: Option<Vec<Name>>,
    /// None of these methods.
    not_methods: Option<Vec<Name>>,
    /// Paths without the query; `*` at one end, or `{*}` for a segment and `{**}` for any number of them.
    paths: Option<Vec<Path>>,
    /// None of these paths.
    not_paths: Option<Vec<Path>>,
}

/// A port, as a string.
#[derive(JsonSchema)]
#[schemars(transparent)]
struct Port(#[schemars(regex(pattern = format!("^(0+|0*{UP_TO_65535})$")))] String);

/// A path, with `*` at one end or with `{*}` and `{**}` for whole segments.
#[derive(JsonSchema)]
#[schemars(transparent)]
struct Path(
    #[schemars(
        length(min = 1),
        regex(pattern = r"^([^{}]+|(/(\{\*\}|[^/{}*?]*))*(/\{\*\*\}(/[^/{}*?]*)*)?)$")
    )]
    String,
);

/// An attribute and its required values.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "camelCase", transform = some_values)]
struct Condition {
    /// The attribute.
    #[schemars(schema_with = "key")]
    key: String,
    /// Values, one of which it must have.
    values: Option<Vec<Name>>,
    /// Values that it must not have.
    not_values: Option<Vec<Name>>,
}

/// The connections that a workload accepts.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct PeerAuthentication {
    api_version: ApiVersion,
    kind: String,
    metadata: Metadata,
    /// The modes.
    spec: Option<PeerAuthenticationSpec>,
    /// What the API server adds.
    status: Option<Value>,
}

/// The modes.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "camelCase", transform = ports_of_a_workload)]
struct PeerAuthenticationSpec {
    /// The workloads that it applies to, by their labels; all workloads of the namespace by default.
    selector: Option<Selector>,
    /// The mode of all ports.
    mtls: Option<Mtls>,
    /// The modes of single ports of the workload.
    port_level_mtls: Option<PortLevelMtls>,
}

/// A mode.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Mtls {
    /// Inherited by default.
    mode: Option<Mode>,
}

/// Modes by port.
#[derive(JsonSchema)]
#[schemars(transparent, extend("minProperties" = 1, "propertyNames" = {"pattern": format!("^{UP_TO_65535}$")}))]
struct PortLevelMtls(BTreeMap<String, Option<Mtls>>);

/// A mutual TLS mode.
#[derive(JsonSchema)]
#[schemars(rename_all = "UPPERCASE")]
enum Mode {
    /// Inherited from the namespace or the mesh.
    Unset,
    /// Plaintext only.
    Disable,
    /// Mutual TLS and plaintext.
    Permissive,
    /// Mutual TLS only.
    Strict,
}

/// The name and the namespace of the document.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "camelCase")]
struct Metadata {
    /// The name that decisions and logs show.
    name: DocumentName,
    /// It decides which workloads the document applies to.
    namespace: DocumentName,
    /// `istio.io/dry-run: "true"` makes it a dry run.
    annotations: Option<BTreeMap<String, String>>,
    /// The oldest of several PeerAuthentications wins.
    creation_timestamp: Option<String>,
    labels: Option<Value>,
    uid: Option<Value>,
    resource_version: Option<Value>,
    generation: Option<Value>,
    managed_fields: Option<Value>,
    owner_references: Option<Value>,
    finalizers: Option<Value>,
    self_link: Option<Value>,
    deletion_timestamp: Option<Value>,
    deletion_grace_period_seconds: Option<Value>,
    generate_name: Option<Value>,
    cluster_name: Option<Value>,
}

/// Printable characters, no brackets and no slash.
#[derive(JsonSchema)]
#[schemars(transparent)]
struct DocumentName(#[schemars(regex(pattern = r"^[ -.0-Z\\^-~]+$"))] String);

/// What the keys of `when` may be.
fn key(_: &mut schemars::SchemaGenerator) -> Schema {
    schemars::json_schema!({
        "description": "The attribute.",
        "anyOf": [
            {"enum": [
                "source.ip", "source.namespace", "source.principal", "source.serviceAccount", "source.trustDomain", "remote.ip",
                "request.auth.principal", "request.auth.audiences", "request.auth.presenter", "destination.ip", "destination.port",
                "connection.sni",
            ]},
            {"type": "string", "pattern": r"^request\.headers\[.+\]$"},
            {"type": "string", "pattern": r"^request\.auth\.claims(\[.+\])+$"},
            {"type": "string", "pattern": r"^experimental\.envoy\.filters\.[^\[]+\[.+\]$"},
        ],
    })
}

/// Which fields go together: as Istio's admission says.
fn shape(schema: &mut Schema) {
    let is = |actions: &[&str]| json!({"properties": {"action": {"enum": actions}}, "required": ["action"]});
    let given = |name: &str| json!({"required": [name], "properties": {name: {"not": {"type": "null"}}}});
    let targets =
        json!({"required": ["targetRefs"], "properties": {"targetRefs": {"type": "array", "minItems": 1}}});
    schema.insert(
        "allOf".to_owned(),
        json!([
            {
                "if": is(&["DENY", "CUSTOM"]),
                "then": {"required": ["rules"], "properties": {"rules": {"type": "array", "minItems": 1}}},
            },
            {
                "if": is(&["CUSTOM"]),
                "then": {
                    "required": ["provider"],
                    "properties": {
                        "provider": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string", "minLength": 1}}},
                        "rules": {"items": about_no_identity()},
                    },
                },
                "else": {"not": given("provider")},
            },
            {"not": {"allOf": [given("selector"), targets]}},
            {"not": {"allOf": [given("selector"), given("targetRef")]}},
            {"not": {"allOf": [given("targetRef"), targets]}},
        ]),
    );
}

/// A rule of CUSTOM, which is asked before anybody is known.
fn about_no_identity() -> Value {
    let identities = [
        "principals",
        "requestPrincipals",
        "namespaces",
        "serviceAccounts",
        "trustDomains",
    ];
    let fields = identities
        .into_iter()
        .flat_map(|name| [name.to_owned(), not(name)]);
    let source: serde_json::Map<String, Value> = fields.map(|name| (name, json!({"maxItems": 0}))).collect();
    json!({"properties": {
        "from": {"items": {"properties": {"source": {"properties": source}}}},
        "when": {"items": {"properties": {"key": {
            "not": {"pattern": r"^(source\.(namespace|principal|serviceAccount|trustDomain)$|request\.auth\.)"},
        }}}},
    }})
}

/// The name of a field's negative: `notPaths` of `paths`.
fn not(name: &str) -> String {
    let (first, rest) = name.split_at(1);
    format!("not{}{rest}", first.to_uppercase())
}

/// Service accounts do not stand beside other names of the peer.
fn accounts_alone(schema: &mut Schema) {
    let any = |names: &[&str]| {
        let given = names.iter().flat_map(|name| [(*name).to_owned(), not(name)]);
        let given = given.map(|name| json!({"required": [name.as_str()], "properties": {name.as_str(): {"type": "array", "minItems": 1}}}));
        json!({"anyOf": given.collect::<Vec<_>>()})
    };
    let both = [any(&["serviceAccounts"]), any(&["principals", "namespaces"])];
    schema.insert("not".to_owned(), json!({"allOf": both}));
}

/// `istio.io/dry-run` is true or false, and for ALLOW and DENY alone.
fn no_dry_run_of_others(schema: &mut Schema) {
    const NAME: &str = "istio.io/dry-run";
    let words = [
        "1", "t", "T", "TRUE", "true", "True", "0", "f", "F", "FALSE", "false", "False",
    ];
    let annotation = |is: Value| json!({"properties": {"metadata": {"properties": {"annotations": {"properties": {NAME: is}}}}}});
    let others = json!({"required": ["spec"], "properties": {"spec": {
        "type": "object",
        "required": ["action"],
        "properties": {"action": {"enum": ["AUDIT", "CUSTOM"]}},
    }}});
    schema.insert("if".to_owned(), others);
    schema.insert("then".to_owned(), annotation(json!(false)));
    schema.insert("else".to_owned(), annotation(json!({"enum": words})));
}

/// A condition says something.
fn some_values(schema: &mut Schema) {
    let some =
        |name: &str| json!({"required": [name], "properties": {name: {"type": "array", "minItems": 1}}});
    schema.insert("anyOf".to_owned(), json!([some("values"), some("notValues")]));
}

/// Ports are a workload's.
fn ports_of_a_workload(schema: &mut Schema) {
    schema.insert(
        "if".to_owned(),
        json!({"required": ["portLevelMtls"], "properties": {"portLevelMtls": {"type": "object"}}}),
    );
    schema.insert(
        "then".to_owned(),
        json!({
            "required": ["selector"],
            "properties": {"selector": {
                "type": "object",
                "required": ["matchLabels"],
                "properties": {"matchLabels": {"type": "object", "minProperties": 1}},
            }},
        }),
    );
}
