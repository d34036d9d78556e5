//! Random mixed cases, on which both engines agree.

use std::fmt::Write;

use serde_json::{Value, json};

use super::eval;

/// A pseudo-random sequence that is the same on every machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % sides as u64) as usize
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.roll(from.len())]
    }
}

/// One of 24 policy sets: identities, addresses, paths, claims, modes; ALLOW and DENY.
fn resources(number: usize) -> Value {
    let dice = &mut Dice(0x1234_5678 + number as u64 * 7919);
    let mut documents = Vec::new();
    for index in 0..1 + dice.roll(3) {
        let source = [
            json!({"principals": ["cluster.local/ns/web/sa/frontend"]}),
            json!({"notPrincipals": ["*"]}),
            json!({"namespaces": ["web", "shop*"]}),
            json!({"ipBlocks": ["10.0.0.0/8"], "notIpBlocks": ["10.1.0.0/16"]}),
            json!({"remoteIpBlocks": ["203.0.113.0/24", "2001:db8::/32"]}),
            json!({"requestPrincipals": ["https://issuer.example/*"]}),
        ];
        let operation = [
            json!({"methods": ["GET", "HEAD"]}),
            json!({"paths": ["/orders/{*}", "/health"], "notMethods": ["DELETE"]}),
            json!({"hosts": ["orders.shop", "*.example"]}),
            json!({"ports": ["8080", "3306"]}),
            json!({"notPaths": ["/admin*"]}),
        ];
        let when = [
            json!({"key": "request.headers[x-team]", "values": ["blue", "*"]}),
            json!({"key": "request.auth.claims[groups][team]", "values": ["admins"]}),
            json!({"key": "connection.sni", "notValues": ["*.evil.example"]}),
            json!({"key": "destination.port", "values": ["3306"]}),
        ];
        let mut rule = serde_json::Map::new();
        for (name, wrapped) in [("from", "source"), ("to", "operation")] {
            if dice.roll(3) > 0 {
                let fields = if name == "from" {
                    dice.pick(&source)
                } else {
                    dice.pick(&operation)
                };
                rule.insert(name.to_owned(), json!([{ wrapped: fields }]));
            }
        }
        if dice.roll(3) == 0 {
            rule.insert("when".to_owned(), json!([dice.pick(&when)]));
        }
        documents.push(json!({
            "apiVersion": "security.istio.io/v1", "kind": "AuthorizationPolicy",
            "metadata": {"name": format!("p{index}"), "namespace": dice.pick(&["shop", "istio-system"])},
            "spec": {"action": dice.pick(&["ALLOW", "ALLOW", "DENY"]), "rules": [rule]},
        }));
    }
    if dice.roll(2) == 0 {
        documents.push(json!({
            "apiVersion": "security.istio.io/v1", "kind": "PeerAuthentication",
            "metadata": {"name": "default", "namespace": "shop"},
            "spec": {"mtls": {"mode": dice.pick(&["STRICT", "PERMISSIVE", "DISABLE"])}},
        }));
    }
    Value::from(documents)
}

fn traffic(number: usize) -> Value {
    let dice = &mut Dice(0x9876_5432 + number as u64 * 104_729);
    let tls = [
        json!(null),
        json!({"peer": null}),
        json!({"sni": "a.evil.example", "peer": {"uriSans": ["spiffe://cluster.local/ns/web/sa/frontend"]}}),
        json!({"peer": {"uriSans": ["spiffe://cluster.local/ns/shop/sa/a", "https://x/"]}}),
        json!({"peer": {"uriSans": [], "dnsSans": ["web.example"], "subject": "CN=web"}}),
        json!({"peer": {"subject": "CN=only,O=subject"}}),
    ];
    let mut traffic = json!({
        "source": {"ip": dice.pick(&["10.0.0.7", "10.1.0.7", "192.0.2.9", "2001:db8::7"])},
        "destination": {"ip": "10.0.0.9", "port": dice.pick(&[8080, 3306, 80])},
        "tls": dice.pick(&tls),
    });
    if dice.roll(2) == 0 {
        traffic["remoteIp"] = json!(dice.pick(&["203.0.113.9", "198.51.100.1", "2001:db8::9"]));
    }
    if dice.roll(4) == 0 {
        traffic["protocol"] = json!("tcp");
        return traffic;
    }
    traffic["http"] = json!({
        "method": dice.pick(&["GET", "HEAD", "POST", "DELETE"]),
        "host": dice.pick(&["orders.shop", "ORDERS.shop", "a.example", "orders.shop:8080"]),
        "path": dice.pick(&["/orders/1", "/orders/1?x=/admin", "/admin/users", "/health", "/orders//1", "/"]),
        "headers": dice.pick(&[json!({}), json!({"x-team": "blue"}), json!({"X-Team": ["red", ""]})]),
    });
    if dice.roll(2) == 0 {
        let groups = [
            json!({"team": ["admins", "ops"]}),
            json!({"team": "admins"}),
            json!({"team": 7}),
        ];
        let groups = dice.pick(&groups);
        traffic["jwt"] =
            json!({"payload": {"iss": "https://issuer.example", "sub": "alice", "groups": groups}});
    }
    traffic
}

#[test]
fn a_thousand_mixed_cases_and_the_engines_agree() {
    let mut lines = String::new();
    for number in 0..1_200 {
        if number % 150 == 75 {
            lines.push_str("{\"id\": \"wrong\", \"traffic\": 7}\n");
        }
        let workload = json!({"namespace": "shop", "labels": {"app": "orders"}});
        let line = json!({"id": number, "workload": workload, "resources": resources(number % 24), "traffic": traffic(number)});
        writeln!(lines, "{line}").unwrap();
    }
    let (ran, answers) = eval(&lines, &["--engine", "both"]);
    assert_eq!((ran.code, answers.len()), (2, 1_208), "{}", ran.err);
    let (wrong, decided): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer["id"] == "wrong");
    assert!(wrong.len() == 8 && wrong.iter().all(|answer| answer["error"].is_string()));
    for (number, answer) in decided.iter().enumerate() {
        assert_eq!(answer["id"], json!(number), "in the order of the lines");
        assert!(answer["decision"].is_string(), "{answer}");
    }
    let count = |test: &dyn Fn(&Value) -> bool| decided.iter().filter(|answer| test(answer)).count();
    let (allowed, by_rule) = (
        count(&|answer| answer["decision"] == "allow"),
        count(&|answer| answer["by"].is_object()),
    );
    assert!(
        (200..1_000).contains(&allowed) && by_rule > 300,
        "{allowed} allowed, {by_rule} by a rule"
    );
}
