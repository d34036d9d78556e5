//! Compares the two ways to a configuration, trees and JSON: same configuration, or same problems.

use serde_json::{Value, json};

use super::*;
use crate::source::Source;
use crate::yaml;

/// Valid documents, which are then mutated.
fn documents() -> Vec<Value> {
    vec![
        json!({
            "apiVersion": "security.istio.io/v1", "kind": "AuthorizationPolicy",
            "metadata": {"name": "orders", "namespace": "shop", "annotations": {"istio.io/dry-run": "true", "a.b/c": "x"}},
            "spec": {
                "selector": {"matchLabels": {"app": "orders"}}, "action": "DENY",
                "rules": [{
                    "from": [{"source": {"notPrincipals": ["cluster.local/ns/web/sa/*"], "ipBlocks": ["10.0.0.0/8"]}}],
                    "to": [{"operation": {"paths": ["/a/{*}", "/b*"], "ports": ["8080"], "methods": ["GET"]}}],
                    "when": [{"key": "request.headers[x-team]", "values": ["a", "b"], "notValues": ["c"]}],
                }],
            },
        }),
        json!({
            "apiVersion": "security.istio.io/v1", "kind": "AuthorizationPolicy",
            "metadata": {"name": "custom", "namespace": "shop"},
            "spec": {
                "targetRefs": [{"kind": "Service", "group": "", "name": "orders"}],
                "action": "CUSTOM", "provider": {"name": "authz"}, "rules": [{}],
            },
            "status": {"x": [1, -2, 0.5, null, true]},
        }),
        json!({
            "apiVersion": "security.istio.io/v1beta1", "kind": "PeerAuthentication",
            "metadata": {"name": "default", "namespace": "shop", "creationTimestamp": "2024-01-02T03:04:05Z"},
            "spec": {"mtls": {"mode": "STRICT"}, "portLevelMtls": {"8080": {"mode": "PERMISSIVE"}}},
        }),
        json!({"apiVersion": "v1", "kind": "List", "items": [{
            "apiVersion": "security.istio.io/v1", "kind": "PeerAuthentication",
            "metadata": {"name": "mesh", "namespace": "istio-system"}, "spec": {},
        }]}),
    ]
}

fn mesh() -> Value {
    json!({"rootNamespace": "istio-system", "trustDomain": "td", "trustDomainAliases": ["a", "b"], "caCertificates": []})
}

fn workload() -> Value {
    json!({
        "kind": "waypoint", "namespace": "shop", "serviceAccount": "orders", "labels": {"app": "orders"},
        "services": [{"kind": "Service", "name": "orders", "namespace": "shop"}],
    })
}

fn providers() -> Value {
    json!([{"name": "authz", "envoyExtAuthzGrpc": {"service": "authz.tools.svc.cluster.local", "port": 9000}}])
}

/// A random value.
fn anything(random: &mut fastrand::Rng) -> Value {
    let letters = [' ', '"', '\\', '/', '*', 'a', 'ü', '\u{200b}', ':'];
    let text: String = (0..random.usize(0..4))
        .map(|_| letters[random.usize(0..letters.len())])
        .collect();
    let values = [
        Value::Null,
        json!(true),
        json!(0),
        json!(8080),
        json!(-1),
        json!(0.1),
        json!(1e300),
        json!(u64::MAX),
        json!("*"),
        json!("/a"),
        json!(text),
        json!([]),
        json!({}),
        json!([null, "x", 1]),
        json!({text.clone(): text}),
    ];
    values[random.usize(0..values.len())].clone()
}

/// Mutates a random part of the value.
fn change(value: &mut Value, random: &mut fastrand::Rng) {
    let here = random.usize(0..6) == 0;
    match value {
        Value::Object(fields) if !fields.is_empty() && !here => {
            let name = fields
                .keys()
                .nth(random.usize(0..fields.len()))
                .cloned()
                .unwrap_or_default();
            match random.usize(0..8) {
                0 => {
                    fields.remove(&name);
                }
                1 => {
                    let moved = fields.remove(&name).unwrap_or_default();
                    fields.insert(name.to_uppercase(), moved);
                }
                2 => {
                    fields.insert("a\tb\"\u{200b}".to_owned(), anything(random));
                }
                _ => {
                    if let Some(below) = fields.get_mut(&name) {
                        change(below, random);
                    }
                }
            }
        }
        Value::Array(items) if !items.is_empty() && !here => {
            let index = random.usize(0..items.len());
            change(&mut items[index], random);
        }
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Array(_)
        | Value::Object(_) => *value = anything(random),
    }
}

fn document(value: &Value) -> Document {
    read(&value.to_string())
}

fn read(text: &str) -> Document {
    let source = Source::new("x.json", text);
    let node = yaml::documents(&source).unwrap().pop();
    // An empty document does not count.
    let node = node.unwrap_or_else(|| yaml::documents(&Source::new("x.json", "{}")).unwrap().remove(0));
    Document { source, node }
}

/// Whether it is accepted; both ways must agree.
fn taken(setup: &Setup) -> bool {
    let mut taken = true;
    for protocol in [Protocol::Http, Protocol::Tcp] {
        let (tree, json) = (setup.config(protocol), setup.to_json(protocol));
        assert_eq!(setup.parts().len(protocol), json.len(), "{json}");
        taken &= tree.is_ok();
        let read = Config::parse(json.as_bytes());
        assert_eq!(format!("{tree:?}"), format!("{read:?}"), "{json}");
        let compiled = |config: Result<Config, Problems>| config.and_then(|config| Program::compile(&config));
        assert_eq!(compiled(tree).err(), compiled(read).err(), "{json}");
    }
    taken
}

#[test]
fn both_ways_lead_to_the_same() {
    let mut random = fastrand::Rng::with_seed(11);
    let (mut taken_ones, mut refused) = (0, 0);
    for _ in 0..3_000 {
        let mut some = |value: Value| {
            let mut value = value;
            for _ in 0..random.usize(0..3) {
                change(&mut value, &mut random);
            }
            document(&value)
        };
        let resources: Vec<Document> = documents().into_iter().map(&mut some).collect();
        let parts = [mesh(), workload(), providers()].map(some);
        let [mesh, workload, extension_providers] = parts.map(|part| random.bool().then_some(part));
        let setup = Setup {
            mesh,
            workload,
            resources: resources.into_iter().filter(|_| random.bool()).collect(),
            extension_providers,
            paths: random.bool().then_some(Paths::Strict),
        };
        if taken(&setup) {
            taken_ones += 1;
        } else {
            refused += 1;
        }
    }
    assert!(
        taken_ones > 30 && refused > 100,
        "{taken_ones} taken, {refused} refused"
    );
}

fn with(document: Document) -> Setup {
    Setup {
        workload: Some(crate::synthetic::workload(&Workload {
            namespace: "shop".to_owned(),
            ..Workload::default()
        })),
        resources: vec![document],
        ..Setup::default()
    }
}

#[test]
fn merged_keys_are_the_same_to_both() {
    let policy = "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nstatus: &all {name: a, namespace: shop}\nmetadata: \
                  {<<: *all, name: b}\nspec: {}\n";
    assert!(taken(&with(read(policy))));
}

/// The module can read the deepest document that the file reader accepts.
#[test]
fn the_deepest_document_is_read_both_ways() {
    let nested = |depth: usize| {
        let (open, close) = ("[".repeat(depth), "]".repeat(depth));
        format!(
            "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {{name: a, namespace: shop}}\nstatus: {open}{close}\n"
        )
    };
    let read_both = move || {
        assert!(taken(&with(read(&nested(yaml::DEPTH - 1)))));
        let source = Source::new("x.yaml", nested(yaml::DEPTH));
        assert_eq!(
            yaml::documents(&source).unwrap_err().message,
            "it is nested too deeply"
        );
    };
    // An unoptimised build of the YAML crate needs more stack than a test has: as much as the command's own thread.
    let thread = std::thread::Builder::new().stack_size(8 * 1024 * 1024);
    thread.spawn(read_both).unwrap().join().unwrap();
}

#[test]
fn what_is_too_large_is_refused_both_ways() {
    let mut policy = documents().remove(0);
    policy["status"] = json!("x".repeat(limits::CONFIGURATION_BYTES));
    let setup = with(document(&policy));
    assert!(!taken(&setup));
    let problems = setup.config(Protocol::Http).unwrap_err();
    assert!(problems.to_string().contains("more than the"), "{problems}");
}
