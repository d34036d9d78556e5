//! `AuthorizationPolicy`: <https://istio.io/latest/docs/reference/config/security/authorization-policy/>.

use schemars::{JsonSchema, Schema};
use serde_json::{Value, json};

use super::document::{ApiVersion, Metadata};
use super::rule::{Rule, not};
use super::target::{Selector, TargetRef};

/// Who may do what.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "camelCase", transform = no_dry_run_of_others)]
pub(in crate::schema) struct AuthorizationPolicy {
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

/// Which fields may be combined, as in Istio's admission.
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

/// A rule of a CUSTOM policy, which is evaluated before any identity is known.
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

/// Allows `istio.io/dry-run` to be true or false, and only for ALLOW and DENY.
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
