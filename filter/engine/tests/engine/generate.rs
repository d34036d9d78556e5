//! Generated documents and traffic. Values come from small pools, so that rules and traffic meet often.

// Other crates' tests have this file by its path, so its modules have theirs.
#[path = "generate/pools.rs"]
mod pools;
#[path = "generate/traffic.rs"]
mod traffic;

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;

use pools::{
    ACCOUNTS, BLOCKS, CUSTOM_KEYS, HOSTS, METADATA, METHODS, NAMESPACES, PATHS, PORTS, PRINCIPALS,
    REQUEST_PATHS, REQUEST_PRINCIPALS, TEXTS, TRUST_DOMAINS, keys,
};
pub(super) use traffic::traffic;

pub(super) type Json = serde_json::Value;

/// One or two values of a pool.
fn some(pool: &'static [&'static str]) -> impl Strategy<Value = Json> {
    prop::collection::vec(select(pool), 1..=2).prop_map(Json::from)
}

/// An object with one or two of these fields, or their `not…` twins.
fn object(fields: Vec<(&'static str, &'static str, &'static [&'static str])>) -> impl Strategy<Value = Json> {
    let field = select(fields).prop_flat_map(|(name, not, pool)| (select(vec![name, not]), some(pool)));
    prop::collection::vec(field, 1..=2).prop_map(|fields| {
        let fields = fields.into_iter().map(|(name, values)| (name.to_owned(), values));
        Json::Object(fields.collect())
    })
}

fn source() -> impl Strategy<Value = Json> {
    let accounts = object(vec![
        ("serviceAccounts", "notServiceAccounts", &ACCOUNTS),
        ("ipBlocks", "notIpBlocks", &BLOCKS),
    ]);
    let others = object(vec![
        ("principals", "notPrincipals", &PRINCIPALS),
        ("namespaces", "notNamespaces", &NAMESPACES),
        ("trustDomains", "notTrustDomains", &TRUST_DOMAINS),
        ("ipBlocks", "notIpBlocks", &BLOCKS),
        ("remoteIpBlocks", "notRemoteIpBlocks", &BLOCKS),
        ("requestPrincipals", "notRequestPrincipals", &REQUEST_PRINCIPALS),
    ]);
    prop_oneof![1 => accounts, 3 => others].prop_map(|source| json!({ "source": source }))
}

fn operation() -> impl Strategy<Value = Json> {
    let fields = object(vec![
        ("hosts", "notHosts", &HOSTS),
        ("ports", "notPorts", &PORTS),
        ("methods", "notMethods", &METHODS),
        ("paths", "notPaths", &PATHS),
    ]);
    fields.prop_map(|operation| json!({ "operation": operation }))
}

fn condition(keys: Vec<&'static str>) -> impl Strategy<Value = Json> {
    select(keys).prop_flat_map(|key| {
        let pool: &'static [&'static str] = match key {
            "source.ip" | "remote.ip" | "destination.ip" => &BLOCKS,
            "source.namespace" => &NAMESPACES,
            "source.principal" => &PRINCIPALS,
            "source.serviceAccount" => &ACCOUNTS,
            "source.trustDomain" => &TRUST_DOMAINS,
            "request.auth.principal" => &REQUEST_PRINCIPALS,
            "destination.port" => &PORTS,
            "request.headers[:path]" => &REQUEST_PATHS[..5],
            "request.headers[host]" => &HOSTS,
            "experimental.envoy.filters.f[k]" => &METADATA,
            _ => &TEXTS,
        };
        let side = select(vec!["values", "notValues"]);
        (side, some(pool)).prop_map(move |(side, values)| json!({ "key": key, side: values }))
    })
}

/// A rule of any fields.
pub(super) fn rule() -> impl Strategy<Value = Json> {
    let from = prop::option::of(prop::collection::vec(source(), 1..=2));
    let to = prop::option::of(prop::collection::vec(operation(), 1..=2));
    let when = prop::option::of(prop::collection::vec(condition(keys()), 1..=2));
    (from, to, when).prop_map(|(from, to, when)| json!({ "from": from, "to": to, "when": when }))
}

/// A rule that a CUSTOM policy accepts: without identities.
fn custom_rule() -> impl Strategy<Value = Json> {
    let to = prop::option::of(prop::collection::vec(operation(), 1..=2));
    let when = prop::option::of(prop::collection::vec(condition(CUSTOM_KEYS.to_vec()), 1..=2));
    (to, when).prop_map(|(to, when)| json!({ "to": to, "when": when }))
}

/// External authorizers of each kind and state, including an undefined one.
pub(super) const PROVIDERS: &str = r#"[
    {"name": "http", "envoyExtAuthzHttp": {"service": "a.b", "port": 80}},
    {"name": "grpc", "envoyExtAuthzGrpc": {"service": "a.b", "port": 80}},
    {"name": "open", "envoyExtAuthzGrpc": {"service": "a.b", "port": 80, "failOpen": true}},
    {"name": "broken", "envoyExtAuthzGrpc": {"service": "a.b"}}
]"#;

pub(super) fn custom_policy() -> impl Strategy<Value = Json> {
    let provider = select(vec!["http", "http", "grpc", "grpc", "open", "broken", "missing"]);
    let rules = prop::collection::vec(custom_rule(), 1..=2);
    (provider, select(vec!["c", "d"]), rules).prop_map(|(provider, name, rules)| {
        json!({
            "apiVersion": "security.istio.io/v1", "kind": "AuthorizationPolicy",
            "metadata": {"name": name, "namespace": "shop"},
            "spec": {"action": "CUSTOM", "provider": {"name": provider}, "rules": rules}
        })
    })
}

/// An ALLOW, DENY or AUDIT policy, sometimes a dry run.
pub(super) fn policy() -> impl Strategy<Value = Json> {
    let rules = prop::collection::vec(rule(), 1..=3);
    let place = select(vec!["shop", "istio-system", "other"]);
    let selector = prop::option::weighted(0.2, select(vec!["orders", "cart", "gateway"]));
    let action = select(vec!["ALLOW", "ALLOW", "ALLOW", "DENY", "DENY", "AUDIT"]);
    (
        action,
        select(vec!["a", "b", "c"]),
        place,
        selector,
        rules,
        prop::bool::weighted(0.2),
    )
        .prop_map(|(action, name, namespace, app, rules, dry_run)| {
            let targets = match app {
                Some("gateway") => {
                    json!([{"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "orders"}])
                }
                _ => json!(null),
            };
            let selector = app
                .filter(|app| *app != "gateway")
                .map(|app| json!({"matchLabels": {"app": app}}));
            let annotations = if dry_run && action != "AUDIT" {
                json!({"istio.io/dry-run": "true"})
            } else {
                json!({})
            };
            json!({
                "apiVersion": "security.istio.io/v1", "kind": "AuthorizationPolicy",
                "metadata": {"name": name, "namespace": namespace, "annotations": annotations},
                "spec": {"action": action, "selector": selector, "rules": rules, "targetRefs": targets}
            })
        })
}

pub(super) fn peer_authentication() -> impl Strategy<Value = Json> {
    let mode = || select(vec!["STRICT", "PERMISSIVE", "DISABLE", "UNSET"]);
    let ports = prop::option::of(prop::collection::btree_map(
        select(vec!["80", "8080"]),
        mode(),
        1..=2,
    ));
    let created = prop::option::of(select(vec!["2024-01-01T00:00:00Z", "2024-02-01T00:00:00Z"]));
    (
        select(vec!["shop", "istio-system"]),
        select(vec!["a", "b"]),
        mode(),
        ports,
        created,
    )
        .prop_map(|(namespace, name, mode, ports, created)| {
            let labels = ports.is_some().then(|| json!({"matchLabels": {"app": "orders"}}));
            let ports = ports.map(|ports| {
                ports
                    .into_iter()
                    .map(|(port, mode)| (port.to_owned(), json!({ "mode": mode })))
                    .collect::<serde_json::Map<_, _>>()
            });
            json!({
                "apiVersion": "security.istio.io/v1", "kind": "PeerAuthentication",
                "metadata": {"name": name, "namespace": namespace, "creationTimestamp": created},
                "spec": {"selector": labels, "mtls": {"mode": mode}, "portLevelMtls": ports}
            })
        })
}
