//! Configurations of a given size, of the shapes that cost the module most memory for each byte.

use serde_json::{Value, json};

use super::with;

/// A shape.
pub(super) struct Shape {
    pub(super) name: &'static str,
    protocol: &'static str,
    rule: fn(usize) -> Value,
    /// With one dry-run policy, so that everything is evaluated twice.
    dry_run: bool,
    action: &'static str,
}

/// The largest number of values of a field.
const VALUES: usize = 10_000;

pub(super) fn all() -> Vec<Shape> {
    let of = |name, protocol, action, rule: fn(usize) -> Value| Shape {
        name,
        protocol,
        rule,
        dry_run: false,
        action,
    };
    let mut shapes = vec![
        of("empty rules", "http", "DENY", |_| json!({})),
        of("short paths", "http", "DENY", |index| {
            operation("paths", &many(index, ""))
        }),
        of("one path, over and over", "http", "DENY", |_| {
            operation("paths", &same("/"))
        }),
        of("short suffixes", "http", "DENY", |index| {
            operation("paths", &many(index, "*"))
        }),
        of("short templates", "http", "DENY", |index| {
            operation("paths", &many(index, "/{*}/{*}/{*}/{*}/{*}/{*}/{*}/"))
        }),
        of("paths that must not be", "http", "DENY", |index| {
            operation("notPaths", &many(index, ""))
        }),
        of("short hosts", "http", "DENY", |index| {
            operation("hosts", &many(index, ""))
        }),
        of("ports", "tcp", "DENY", |index| operation("ports", &ports(index))),
        of("ports that must not be", "tcp", "DENY", |index| {
            operation("notPorts", &ports(index))
        }),
        of("short principals", "tcp", "DENY", |index| {
            source("principals", &many(index, ""))
        }),
        of("principals that must not be", "tcp", "DENY", |index| {
            source("notPrincipals", &many(index, ""))
        }),
        of("short namespaces", "tcp", "DENY", |index| {
            source("namespaces", &many(index, ""))
        }),
        of("stars", "tcp", "DENY", |index| {
            source("namespaces", &many(index, "*a*b*c*d*e*f*g*"))
        }),
        of("only stars", "tcp", "DENY", |index| {
            source("namespaces", &many(index, &"*".repeat(64)))
        }),
        of("trust domains", "tcp", "DENY", |index| {
            source("trustDomains", &many(index, ""))
        }),
        of("addresses", "tcp", "DENY", |index| {
            source("ipBlocks", &addresses(index))
        }),
        of("addresses that must not be", "tcp", "DENY", |index| {
            source("notIpBlocks", &addresses(index))
        }),
        of("service accounts", "tcp", "DENY", |index| {
            let values: Vec<String> = (0..16).map(|value| short(index * 16 + value)).collect();
            let sources: Vec<Value> = (0..512)
                .map(|_| json!({"source": {"serviceAccounts": values}}))
                .collect();
            json!({"from": sources})
        }),
        of("a rule a port", "tcp", "DENY", |index| {
            operation("ports", &[(index % 60_000).to_string()])
        }),
        of("a rule a namespace", "tcp", "DENY", |index| {
            source("namespaces", &[short(index)])
        }),
        of("a rule a method", "http", "DENY", |index| {
            operation("methods", &[short(index)])
        }),
        of("a rule that a port must not be", "tcp", "DENY", |_| {
            operation("notPorts", &["1".to_owned()])
        }),
        of("sources of one namespace", "tcp", "DENY", |index| {
            let sources = (0..512).map(|one| json!({"source": {"namespaces": [short(index * 512 + one)]}}));
            json!({"from": sources.collect::<Vec<_>>()})
        }),
        of(
            "operations of one port",
            "tcp",
            "DENY",
            |_| json!({"to": (0..512).map(|one: usize| json!({"operation": {"ports": [one.to_string()]}})).collect::<Vec<_>>()}),
        ),
        of("a rule a header", "http", "DENY", |index| {
            condition(&format!("request.headers[{}]", short(index)), "a")
        }),
        of(
            "a rule a header that must not be",
            "http",
            "DENY",
            |index| json!({"when": [{"key": format!("request.headers[{}]", short(index)), "notValues": ["a"]}]}),
        ),
        of("conditions on headers", "http", "DENY", |index| {
            let conditions = (0..512).map(|one| {
                json!({"key": format!("request.headers[{}]", short(index * 512 + one)), "values": ["a"]})
            });
            json!({"when": conditions.collect::<Vec<_>>()})
        }),
        of("a rule a claim", "http", "DENY", |index| {
            condition(&format!("request.auth.claims[{}]", short(index)), "a")
        }),
        of("deep claims", "http", "DENY", |index| {
            condition(
                &format!("request.auth.claims[{}]{}", short(index), "[a]".repeat(30)),
                "a",
            )
        }),
        of("metadata", "tcp", "DENY", |index| {
            condition(
                &format!("experimental.envoy.filters.network.a[{}]", short(index)),
                "a",
            )
        }),
        of(
            "a port and a method",
            "tcp",
            "DENY",
            |index| json!({"to": [{"operation": {"ports": ports(index), "methods": ["a"]}}]}),
        ),
        of(
            "a namespace and a method",
            "tcp",
            "DENY",
            |index| json!({"from": [{"source": {"namespaces": many(index, "")}}], "to": [{"operation": {"methods": ["a"]}}]}),
        ),
        of("everything in each rule", "http", "DENY", |index| {
            let value = [short(index)];
            json!({
                "from": [{"source": {"namespaces": value, "notNamespaces": value, "ipBlocks": ["::"], "notIpBlocks": ["::1"]}}],
                "to": [{"operation": {"ports": ["1"], "notPorts": ["2"], "paths": value, "notPaths": value, "methods": value, "hosts": value}}],
                "when": [{"key": "connection.sni", "values": value, "notValues": value}],
            })
        }),
    ];
    let twice: Vec<Shape> = all_again(&shapes);
    shapes.extend(twice);
    shapes
}

fn all_again(shapes: &[Shape]) -> Vec<Shape> {
    let again = |shape: &Shape| Shape {
        dry_run: true,
        ..*shape
    };
    shapes.iter().map(again).collect()
}

impl Shape {
    /// This many bytes, or a rule more.
    pub(super) fn configuration(&self, bytes: usize) -> Vec<u8> {
        let mut policies = Vec::new();
        let mut written = 0;
        let mut index = 0;
        while written < bytes {
            let mut rules = Vec::new();
            while written < bytes && rules.len() < 512 {
                let rule = (self.rule)(index);
                written += rule.to_string().len() + 1;
                rules.push(rule);
                index += 1;
            }
            let mut policy = crate::fixture::policy("a", self.action, Value::from(rules));
            policy["metadata"]["name"] = json!(short(policies.len()));
            written += 150;
            policies.push(policy);
        }
        if self.dry_run {
            let mut policy = crate::fixture::policy("dry", "DENY", json!([{}]));
            policy["metadata"]["annotations"] = json!({"istio.io/dry-run": "true"});
            policies.push(policy);
        }
        with(self.protocol, Value::from(policies), json!({}))
    }

    /// Whether its rules are empty: they are short, and limited in number.
    pub(super) fn is_of_empty_rules(&self) -> bool {
        self.name == "empty rules"
    }

    pub(super) fn title(&self) -> String {
        let twice = if self.dry_run { ", and a dry run" } else { "" };
        format!("{}{twice}", self.name)
    }
}

fn operation(field: &str, values: &[String]) -> Value {
    json!({"to": [{"operation": {field: values}}]})
}

fn source(field: &str, values: &[String]) -> Value {
    json!({"from": [{"source": {field: values}}]})
}

fn condition(key: &str, value: &str) -> Value {
    json!({"when": [{"key": key, "values": [value]}]})
}

fn same(value: &str) -> Vec<String> {
    vec![value.to_owned(); VALUES]
}

fn many(index: usize, before: &str) -> Vec<String> {
    let from = index * VALUES;
    (from..from + VALUES)
        .map(|value| format!("{before}{}", short(value)))
        .collect()
}

fn ports(index: usize) -> Vec<String> {
    (0..VALUES)
        .map(|value| ((index * VALUES + value) % 65_536).to_string())
        .collect()
}

fn addresses(index: usize) -> Vec<String> {
    let from = index * VALUES;
    (from..from + VALUES)
        .map(|value| format!("{:x}::/{}", value % 65_536, 1 + value % 128))
        .collect()
}

/// A number in as few characters as possible.
pub(super) fn short(mut number: usize) -> String {
    const DIGITS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    let mut text = String::new();
    loop {
        text.push(char::from(DIGITS[number % 36]));
        number /= 36;
        if number == 0 {
            return text;
        }
    }
}
