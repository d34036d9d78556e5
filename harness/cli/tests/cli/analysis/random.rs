//! Random policies: the module agrees with the examples of a change, too.

use serde_json::Value;

use crate::fixture::Folder;

/// A field with one or two values from a pool, sometimes as its `not…` twin.
fn field(dice: &mut fastrand::Rng) -> (&'static str, String, Value) {
    const FIELDS: [(&str, &str, &[&str]); 9] = [
        (
            "source",
            "principals",
            &["cluster.local/ns/web/sa/frontend", "*/sa/frontend", "*", "td/*"],
        ),
        ("source", "namespaces", &["web", "w*", "shop"]),
        ("source", "requestPrincipals", &["iss/sub", "iss/*", "*"]),
        ("source", "ipBlocks", &["10.0.0.0/8", "10.1.2.3", "2001:db8::/32"]),
        ("source", "remoteIpBlocks", &["10.0.0.0/9", "192.0.2.0/24"]),
        ("operation", "methods", &["GET", "P*", "*"]),
        ("operation", "paths", &["/a", "/a*", "*/b", "/a/{*}", "/a/{**}/c"]),
        (
            "operation",
            "hosts",
            &["example.com", "*.example.com", "example.com:*"],
        ),
        ("operation", "ports", &["80", "8080", "9000"]),
    ];
    let (part, name, pool) = FIELDS[dice.usize(..FIELDS.len())];
    let values: Vec<&str> = (0..=dice.usize(..2))
        .map(|_| pool[dice.usize(..pool.len())])
        .collect();
    let name = if dice.u8(..4) == 0 {
        format!("not{}{}", name[..1].to_uppercase(), &name[1..])
    } else {
        name.to_owned()
    };
    (part, name, serde_json::json!(values))
}

fn random_policy(dice: &mut fastrand::Rng, name: &str) -> Value {
    const KEYS: [&str; 5] = [
        "request.headers[x-team]",
        "request.headers[:path]",
        "request.auth.claims[groups]",
        "connection.sni",
        "experimental.envoy.filters.f[k]",
    ];
    let rules: Vec<Value> = (0..=dice.usize(..2))
        .map(|_| {
            let (mut source, mut operation) = (serde_json::Map::new(), serde_json::Map::new());
            for _ in 0..=dice.usize(..3) {
                let (part, name, values) = field(dice);
                let part = if part == "source" {
                    &mut source
                } else {
                    &mut operation
                };
                part.insert(name, values);
            }
            let mut rule = serde_json::Map::new();
            if !source.is_empty() {
                rule.insert("from".to_owned(), serde_json::json!([{ "source": source }]));
            }
            if !operation.is_empty() {
                rule.insert("to".to_owned(), serde_json::json!([{ "operation": operation }]));
            }
            if dice.bool() {
                let side = if dice.bool() { "values" } else { "notValues" };
                let value = ["/a*", "blue", "*", "[blue]"][dice.usize(..4)];
                rule.insert(
                    "when".to_owned(),
                    serde_json::json!([{"key": KEYS[dice.usize(..KEYS.len())], side: [value]}]),
                );
            }
            Value::Object(rule)
        })
        .collect();
    let action = if dice.u8(..3) == 0 { "DENY" } else { "ALLOW" };
    serde_json::json!({
        "apiVersion": "security.istio.io/v1", "kind": "AuthorizationPolicy",
        "metadata": {"name": name, "namespace": "shop"}, "spec": {"action": action, "rules": rules}
    })
}

/// The native engine and the module evaluate each example of a difference; a disagreement would be exit code 3.
#[test]
fn examples_flip_in_the_module_too() {
    let mut dice = fastrand::Rng::with_seed(6);
    let (mut changed, mut classes) = (0, 0);
    for _ in 0..24 {
        let shared = random_policy(&mut dice, "shared");
        let mut list = |more: &str| {
            let policies = [shared.clone(), random_policy(&mut dice, more)];
            serde_json::json!({"apiVersion": "v1", "kind": "List", "items": policies}).to_string()
        };
        let folder = Folder::with(&[("old.json", &list("one")), ("new.json", &list("two"))]);
        let ran = folder.run(&[
            "diff", "old.json", "new.json", "--format", "json", "--limit", "10",
        ]);
        assert!(ran.code <= 1, "{ran:?}");
        let report: Value = serde_json::from_str(&ran.out).unwrap();
        changed += ran.code;
        for change in report["changes"].as_array().unwrap() {
            for (side, old) in [("newlyAllowed", "deny"), ("newlyDenied", "allow")] {
                for class in change[side]["classes"].as_array().unwrap() {
                    assert_eq!(class["old"]["decision"], old);
                    assert_ne!(class["new"]["decision"], old);
                    classes += 1;
                }
            }
        }
    }
    assert!(changed > 12 && classes > 60, "{changed} {classes}");
}
