//! Policies.

use fastrand::Rng;
use serde_json::{Map, Value, json};

use super::values::{self, Pool};
use super::{percent, pick, pools};
use crate::case::{Layer, ROOT_NAMESPACE};

pub(crate) type Field = (&'static str, &'static str, Pool);

const OPERATION: [Field; 4] = [
    ("hosts", "notHosts", &pools::HOSTS),
    ("methods", "notMethods", &pools::METHODS),
    ("paths", "notPaths", &pools::PATHS),
    ("ports", "notPorts", &pools::PORTS),
];
const SOURCE: [Field; 7] = [
    ("principals", "notPrincipals", &pools::PRINCIPALS),
    ("namespaces", "notNamespaces", &pools::NAMESPACES),
    ("trustDomains", "notTrustDomains", &pools::TRUST_DOMAINS),
    ("ipBlocks", "notIpBlocks", &pools::BLOCKS),
    ("remoteIpBlocks", "notRemoteIpBlocks", &pools::BLOCKS),
    (
        "requestPrincipals",
        "notRequestPrincipals",
        &pools::REQUEST_PRINCIPALS,
    ),
    ("serviceAccounts", "notServiceAccounts", &pools::ACCOUNTS),
];

/// One field, or its `not…` twin, or one side of a condition.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Feature {
    Source(Field, bool),
    Operation(Field, bool),
    Condition(&'static str, bool),
}

/// All features that are meaningful on this layer.
pub(crate) fn features(layer: Layer) -> Vec<Feature> {
    let keys = match layer {
        Layer::Http => pools::http_keys(),
        Layer::Tcp => pools::tcp_keys(),
    };
    let known = move |(name, _, _): &&Field| layer == Layer::Http || !http_only(name);
    let sides = |feature: &dyn Fn(bool) -> Feature| [feature(false), feature(true)];
    let sources = SOURCE
        .iter()
        .filter(known)
        .flat_map(|field| sides(&|not| Feature::Source(*field, not)));
    let operations = OPERATION
        .iter()
        .filter(known)
        .flat_map(|field| sides(&|not| Feature::Operation(*field, not)));
    let conditions = keys
        .iter()
        .flat_map(|key| sides(&|not| Feature::Condition(key, not)));
    sources.chain(operations).chain(conditions).collect()
}

/// The policies of a set, each with its own name; the first is about one feature, so that none is left out by chance.
pub(super) fn some(rng: &mut Rng, layer: Layer, feature: Feature) -> Vec<Value> {
    let count = rng.usize(0..=3);
    // Names in no order, some of them longer than others.
    let mut names = ["a", "b", "no-admin", "orders", "a.b", "zz-10", "zz-9"];
    rng.shuffle(&mut names);
    let [first, rest @ ..] = &names;
    let others = rest.iter().take(count).map(|name| policy(rng, name, layer));
    let mut policies: Vec<Value> = others.collect();
    policies.insert(0, featuring(rng, first, feature));
    policies
}

fn featuring(rng: &mut Rng, name: &str, feature: Feature) -> Value {
    let field = |rng: &mut Rng, (name, twin, pool): Field, not: bool| {
        let name = if not { twin } else { name };
        json!({name: values::some(rng, pool)})
    };
    let rule = match feature {
        Feature::Source(of, not) => json!({"from": [{"source": field(rng, of, not)}]}),
        Feature::Operation(of, not) => json!({"to": [{"operation": field(rng, of, not)}]}),
        Feature::Condition(key, not) => {
            let side = if not { "notValues" } else { "values" };
            json!({"when": [{"key": key, side: values::some(rng, values::pool(key))}]})
        }
    };
    json!({
        "apiVersion": "security.istio.io/v1",
        "kind": "AuthorizationPolicy",
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {"action": pick(rng, &["ALLOW", "DENY"]), "rules": [rule]},
    })
}

fn policy(rng: &mut Rng, name: &str, layer: Layer) -> Value {
    let action = pick(
        rng,
        &[
            "ALLOW", "ALLOW", "ALLOW", "ALLOW", "DENY", "DENY", "DENY", "AUDIT",
        ],
    );
    // An ALLOW rule with an HTTP-only field is void on TCP, and a set of those tests nothing.
    let http_fields = match (layer, action) {
        (Layer::Http, _) => 100,
        (Layer::Tcp, "ALLOW") => 10,
        (Layer::Tcp, _) => 25,
    };
    let mut policy = json!({
        "apiVersion": "security.istio.io/v1",
        "kind": "AuthorizationPolicy",
        "metadata": {"name": name, "namespace": pick(rng, &["shop", "shop", "shop", "shop", ROOT_NAMESPACE, "other"])},
        "spec": {"action": action},
    });
    let spec = &mut policy["spec"];
    if percent(rng, 30) {
        let label = pick(rng, &["orders", "orders", "cart"]);
        spec["selector"] = json!({"matchLabels": {"app": label}});
    } else if percent(rng, 4) {
        spec["targetRefs"] =
            json!([{"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "orders"}]);
    }
    if action == "ALLOW" && percent(rng, 4) {
        return policy;
    }
    // With many rules, the first by id is not the first as written: `rule[10]` comes before `rule[2]`.
    let count = if percent(rng, 3) { 12 } else { rng.usize(1..=3) };
    let rules: Vec<Value> = (0..count).map(|_| rule(rng, layer, http_fields)).collect();
    spec["rules"] = rules.into();
    if action != "AUDIT" && percent(rng, 12) {
        let value = pick(rng, &["true", "T", "1", "false"]);
        policy["metadata"]["annotations"] = json!({"istio.io/dry-run": value});
    }
    policy
}

fn rule(rng: &mut Rng, layer: Layer, http_fields: u32) -> Value {
    let mut rule = Map::new();
    if percent(rng, 2) {
        return rule.into();
    }
    while rule.is_empty() {
        if percent(rng, 60) {
            let entries = (0..1 + rng.usize(0..=1) * rng.usize(0..=1))
                .map(|_| json!({"source": object(rng, &SOURCE, http_fields)}));
            rule.insert("from".to_owned(), entries.collect::<Vec<_>>().into());
        }
        if percent(rng, if http_fields == 100 { 60 } else { 35 }) {
            let entries = (0..1 + rng.usize(0..=1) * rng.usize(0..=1))
                .map(|_| json!({"operation": object(rng, &OPERATION, http_fields)}));
            rule.insert("to".to_owned(), entries.collect::<Vec<_>>().into());
        }
        if percent(rng, 40) {
            let conditions =
                (0..1 + rng.usize(0..=1) * rng.usize(0..=1)).map(|_| condition(rng, layer, http_fields));
            rule.insert("when".to_owned(), conditions.collect::<Vec<_>>().into());
        }
    }
    rule.into()
}

/// A source or an operation: rarely more than one field, as each makes a match less likely.
fn object(rng: &mut Rng, fields: &[Field], http_fields: u32) -> Value {
    let mut object = Map::new();
    let count = if percent(rng, 65) { 1 } else { 2 };
    while object.len() < count {
        let (name, not, pool) = pick(rng, fields);
        if http_only(name) && !percent(rng, http_fields) {
            continue;
        }
        // Istio refuses these two together.
        let accounts = object.keys().any(|name| name.ends_with("erviceAccounts"));
        let names = object
            .keys()
            .any(|name| name.ends_with("rincipals") || name.ends_with("amespaces"));
        if accounts && matches!(name, "principals" | "namespaces") || names && name == "serviceAccounts" {
            continue;
        }
        let (positive, negative) = sides(rng);
        if positive {
            object.insert(name.to_owned(), values::some(rng, pool));
        }
        if negative {
            object.insert(not.to_owned(), values::some(rng, pool));
        }
    }
    object.into()
}

fn http_only(field: &str) -> bool {
    matches!(field, "hosts" | "methods" | "paths" | "requestPrincipals")
}

fn condition(rng: &mut Rng, layer: Layer, http_fields: u32) -> Value {
    let keys = if layer == Layer::Http || percent(rng, http_fields / 2) {
        pools::http_keys()
    } else {
        pools::tcp_keys()
    };
    let key = pick(rng, &keys);
    let mut condition = json!({ "key": key });
    let (positive, negative) = sides(rng);
    if positive {
        condition["values"] = values::some(rng, values::pool(key));
    }
    if negative {
        condition["notValues"] = values::some(rng, values::pool(key));
    }
    condition
}

/// Whether to use a field, its `not…` twin, or both.
fn sides(rng: &mut Rng) -> (bool, bool) {
    match rng.u32(0..100) {
        0..=61 => (true, false),
        62..=89 => (false, true),
        _ => (true, true),
    }
}
