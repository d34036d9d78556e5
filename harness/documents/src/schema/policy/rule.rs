//! A rule: the callers, the operations and further conditions.

use schemars::{JsonSchema, Schema};
use serde_json::json;

use super::values::{Block, Name, Path, Port, ServiceAccount, TrustDomain};

/// `from`, `to` and `when` must all match; an omitted one matches everything.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Rule {
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
    /// The caller.
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

/// Forbids service accounts together with other names of the peer.
fn accounts_alone(schema: &mut Schema) {
    let any = |names: &[&str]| {
        let given = names.iter().flat_map(|name| [(*name).to_owned(), not(name)]);
        let given = given.map(|name| json!({"required": [name.as_str()], "properties": {name.as_str(): {"type": "array", "minItems": 1}}}));
        json!({"anyOf": given.collect::<Vec<_>>()})
    };
    let both = [any(&["serviceAccounts"]), any(&["principals", "namespaces"])];
    schema.insert("not".to_owned(), json!({"allOf": both}));
}

/// The name of a field's negative: `notPaths` of `paths`.
pub(super) fn not(name: &str) -> String {
    let (first, rest) = name.split_at(1);
    format!("not{}{rest}", first.to_uppercase())
}

/// An entry of `to`.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct To {
    /// The operation.
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

/// The keys that `when` accepts.
fn key(_: &mut schemars::SchemaGenerator) -> Schema {
    let plain: Vec<&str> = peerwarden_engine::plain_keys().collect();
    schemars::json_schema!({
        "description": "The attribute.",
        "anyOf": [
            {"enum": plain},
            {"type": "string", "pattern": r"^request\.headers\[.+\]$"},
            {"type": "string", "pattern": r"^request\.auth\.claims(\[.+\])+$"},
            {"type": "string", "pattern": r"^experimental\.envoy\.filters\.[^\[]+\[.+\]$"},
        ],
    })
}

/// Requires values in a condition.
fn some_values(schema: &mut Schema) {
    let some =
        |name: &str| json!({"required": [name], "properties": {name: {"type": "array", "minItems": 1}}});
    schema.insert("anyOf".to_owned(), json!([some("values"), some("notValues")]));
}
