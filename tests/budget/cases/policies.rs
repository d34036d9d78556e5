//! The policies that decisions are measured with.

use serde_json::{Value, json};

use super::{CALLER_ADDRESS, FRONTEND, full};

/// Each for its own ending of the path, for anybody.
pub(super) fn leading_wildcards() -> Value {
    let rule = |end: &str| json!({"to": [{"operation": {"paths": [format!("*{end}")]}}]});
    numbered(10_000, |index| rule(&format!("/x{index}")), rule("/y"))
}

/// Each for all paths but some, and none of them for this one: nothing narrows them.
pub(super) fn not_paths() -> Value {
    let rule =
        |index: usize| json!({"to": [{"operation": {"notPaths": [format!("/x{index}"), "/orders*"]}}]});
    numbered(10_000, rule, rule(0))
}

/// Blocks that the caller's address is in, all of them, for a method that it does not use.
pub(super) fn blocks() -> Value {
    let rule = |length: usize| {
        json!({
            "from": [{"source": {"ipBlocks": [format!("{CALLER_ADDRESS}/{length}")]}}],
            "to": [{"operation": {"methods": ["PUT"]}}],
        })
    };
    numbered(10_000, |index| rule(index % 33), rule(32))
}

/// All of them on who asks and what is asked for, but for a header.
pub(super) fn one_caller() -> Value {
    let rule = || {
        json!({
            "from": [{"source": {"principals": [principal(FRONTEND)]}}],
            "to": [{"operation": {"methods": ["GET"], "paths": ["/orders*"]}}],
            "when": [{"key": "request.headers[x-tenant]", "values": ["other"]}],
        })
    };
    numbered(10_000, |_| rule(), rule())
}

/// Conditions that nothing finds: each is tried.
pub(super) fn starred_namespaces() -> Value {
    let rule =
        |index: usize| json!({"from": [{"source": {"namespaces": [format!("*{}-{index}*", index % 50)]}}]});
    numbered(10_000, rule, rule(0))
}

/// With what the API server adds, which makes them five megabytes.
pub(super) fn as_kubernetes_has_them(mut policies: Value) -> Value {
    for (index, policy) in policies.as_array_mut().into_iter().flatten().enumerate() {
        let metadata = &mut policy["metadata"];
        metadata["creationTimestamp"] = json!("2026-01-31T12:00:00Z");
        metadata["generation"] = json!(1);
        metadata["labels"] = json!({"app.kubernetes.io/managed-by": "helm", "app.kubernetes.io/part-of": "shop", "team": format!("web-{}", index % 50)});
        metadata["resourceVersion"] = json!(format!("{}", 4_000_000 + index));
        metadata["uid"] = json!(format!("5b2c0f1e-7d43-4c55-9d0e-{index:012}"));
    }
    policies
}

/// Of five hundred workloads, of which one is this.
pub(super) fn of_a_mesh(number: usize) -> Value {
    let mut policies = full(number);
    for (index, policy) in policies.as_array_mut().into_iter().flatten().enumerate() {
        policy["spec"]["selector"] = json!({"matchLabels": {"app": format!("app-{}", index % 500)}});
    }
    policies
}

pub(super) fn numbered(number: usize, others: impl Fn(usize) -> Value, last: Value) -> Value {
    let mut policies: Vec<Value> = (1..number).map(|index| policy(index, others(index))).collect();
    policies.push(policy(number, last));
    Value::from(policies)
}

pub(super) fn other(index: usize) -> String {
    format!("cluster.local/ns/web-{}/sa/other-{index}", index % 50)
}

pub(super) fn principal(uri: &str) -> &str {
    uri.trim_start_matches("spiffe://")
}

fn policy(index: usize, rule: Value) -> Value {
    json!({
        "apiVersion": "security.istio.io/v1",
        "kind": "AuthorizationPolicy",
        "metadata": {"name": format!("policy-{index:05}"), "namespace": "shop"},
        "spec": {"rules": [rule]},
    })
}
