//! Policies of a mesh, for the module and for Envoy's own filter: as many as are asked for, each of another caller.

use peerwarden_lab::config::typed;
use serde_json::{Map, Value, json};

/// What a policy hangs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum On {
    /// The caller.
    Identity,
    /// The caller, a method and a path.
    All,
}

/// The caller of a policy.
pub(crate) fn caller(number: usize) -> String {
    format!("cluster.local/ns/team-{}/sa/caller-{number}", number % 50)
}

/// The path of a policy.
pub(crate) fn path(number: usize) -> String {
    format!("/v1/orders/{number}/items")
}

/// The module's configuration.
pub(crate) fn configuration(on: On, count: usize) -> Value {
    let policies = (1..=count).map(|number| {
        let mut rule = json!({"from": [{"source": {"principals": [caller(number)]}}]});
        if on == On::All {
            rule["to"] = json!([{"operation": {"methods": ["GET"], "paths": [path(number)]}}]);
        }
        json!({
            "apiVersion": "security.istio.io/v1",
            "kind": "AuthorizationPolicy",
            "metadata": {"name": format!("caller-{number:05}"), "namespace": "shop"},
            "spec": {"rules": [rule]},
        })
    });
    json!({"workload": {"namespace": "shop"}, "resources": policies.collect::<Vec<_>>()})
}

/// Envoy's own filter, as Istio's control plane configures it.
pub(crate) fn native(on: On, count: usize) -> Value {
    let mut policies = Map::new();
    for number in 1..=count {
        let id = format!("ns[shop]-policy[caller-{number:05}]-rule[0]");
        let name = json!({"exact": format!("spiffe://{}", caller(number))});
        let principal =
            json!({"and_ids": {"ids": [{"or_ids": {"ids": [{"authenticated": {"principal_name": name}}]}}]}});
        let permission = match on {
            On::Identity => json!({"any": true}),
            On::All => {
                let method = json!({"name": ":method", "string_match": {"exact": "GET"}});
                let path = json!({"url_path": {"path": {"exact": path(number)}}});
                json!({"and_rules": {"rules": [
                    {"or_rules": {"rules": [{"header": method}]}},
                    {"or_rules": {"rules": [path]}},
                ]}})
            }
        };
        policies.insert(
            id,
            json!({"permissions": [permission], "principals": [principal]}),
        );
    }
    let rbac = json!({"rules": {"action": "ALLOW", "policies": policies}});
    let kind = "envoy.extensions.filters.http.rbac.v3.RBAC";
    json!({"name": "envoy.filters.http.rbac", "typed_config": typed(kind, rbac)})
}
