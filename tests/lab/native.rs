//! Translates Istio's policies to the configuration of Envoy's own RBAC filters, as Istio's control plane does: one filter for
//! AUDIT, one for DENY and one for ALLOW, each with one RBAC policy for each rule.
//!
//! The rules of translation come from Istio's `pilot/pkg/security/authz` and Envoy's `rbac.proto`. Nothing here matches anything,
//! and nothing is shared with the engine: documents are read as JSON, and their meaning is left to Envoy.

mod fields;
mod rule;
mod scope;
mod text;
mod trust_domain;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::config::typed;

/// Policies in this namespace apply to the whole mesh.
pub const ROOT_NAMESPACE: &str = "istio-system";

/// The kind of filter chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    /// Among the filters of an HTTP connection manager.
    Http,
    /// Among the network filters.
    Tcp,
}

/// The mesh, and the workload that the policies protect.
#[derive(Debug, Clone)]
pub struct Mesh {
    /// The trust domain, then its aliases.
    pub bundle: Vec<String>,
    /// The workload's namespace.
    pub namespace: &'static str,
    /// The workload's labels.
    pub labels: BTreeMap<&'static str, &'static str>,
}

/// The three actions, in the order of their filters, with Envoy's names for them.
const ACTIONS: [(&str, &str); 3] = [("AUDIT", "LOG"), ("DENY", "DENY"), ("ALLOW", "ALLOW")];

/// The context of a rule's translation.
#[derive(Clone, Copy)]
struct Context<'a> {
    layer: Layer,
    /// If true, a constraint without meaning on this layer voids the rule; otherwise it is left out, which makes the rule wider.
    strict: bool,
    namespace: &'a str,
    mesh: &'a Mesh,
}

/// The filters for these policies, in their order.
pub fn filters(policies: &[Value], mesh: &Mesh, layer: Layer) -> Vec<Value> {
    let applying: Vec<&Value> = policies
        .iter()
        .filter(|policy| scope::applies(policy, mesh))
        .collect();
    let filter = |(istio, envoy): (&str, &str)| {
        let mine = applying.iter().copied().filter(|policy| action(policy) == istio);
        let (shadow, enforced): (Vec<&Value>, Vec<&Value>) = mine.partition(|policy| is_dry_run(policy));
        if shadow.is_empty() && enforced.is_empty() {
            return None;
        }
        let mut rbac = json!({});
        if !enforced.is_empty() {
            rbac["rules"] = rules(&enforced, envoy, mesh, layer);
        }
        if !shadow.is_empty() {
            rbac["shadow_rules"] = rules(&shadow, envoy, mesh, layer);
            rbac["shadow_rules_stat_prefix"] = format!("istio_dry_run_{}_", istio.to_lowercase()).into();
        }
        Some(match layer {
            Layer::Http => {
                let kind = "envoy.extensions.filters.http.rbac.v3.RBAC";
                json!({"name": "envoy.filters.http.rbac", "typed_config": typed(kind, rbac)})
            }
            Layer::Tcp => {
                rbac["stat_prefix"] = "tcp.".into();
                let kind = "envoy.extensions.filters.network.rbac.v3.RBAC";
                json!({"name": "envoy.filters.network.rbac", "typed_config": typed(kind, rbac)})
            }
        })
    };
    ACTIONS.into_iter().filter_map(filter).collect()
}

impl Layer {
    /// The layer's name in the module's configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Tcp => "tcp",
        }
    }
}

impl Mesh {
    /// A mesh with this trust domain and its aliases, and the workload `app: orders` in `shop`.
    pub fn new(bundle: &[&str]) -> Self {
        Self {
            bundle: bundle.iter().map(|name| (*name).to_owned()).collect(),
            namespace: "shop",
            labels: [("app", "orders"), ("version", "v1")].into(),
        }
    }
}

fn rules(policies: &[&Value], envoy_action: &str, mesh: &Mesh, layer: Layer) -> Value {
    let mut translated = Map::new();
    for policy in policies {
        let namespace = policy["metadata"]["namespace"].as_str().unwrap_or_default();
        let name = policy["metadata"]["name"].as_str().unwrap_or_default();
        let id = |index: usize| format!("ns[{namespace}]-policy[{name}]-rule[{index}]");
        let context = Context {
            layer,
            strict: envoy_action == "ALLOW",
            namespace,
            mesh,
        };
        let rules = list(&policy["spec"]["rules"]);
        for (index, written) in rules.iter().enumerate() {
            if let Ok(policy) = rule::policy(written, context) {
                translated.insert(id(index), policy);
            }
        }
        // Istio's explicit "never": without it there might be no ALLOW policy at all.
        if rules.is_empty() {
            let never = json!({"permissions": [{"not_rule": {"any": true}}], "principals": [{"not_id": {"any": true}}]});
            translated.insert(id(0), never);
        }
    }
    json!({"action": envoy_action, "policies": translated})
}

fn action(policy: &Value) -> &str {
    policy["spec"]["action"].as_str().unwrap_or("ALLOW")
}

/// Parses as Go's `strconv.ParseBool`.
fn is_dry_run(policy: &Value) -> bool {
    let written = policy["metadata"]["annotations"]["istio.io/dry-run"].as_str();
    matches!(written, Some("1" | "t" | "T" | "TRUE" | "true" | "True"))
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// The values of a field; none if it is absent.
fn texts(value: &Value) -> Vec<&str> {
    list(value).iter().filter_map(Value::as_str).collect()
}
