//! `peerwarden eval`.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::fixture::{Folder, ORDERS, Ran};

fn eval(lines: &str, arguments: &[&str]) -> (Ran, Vec<Value>) {
    let ran = Folder::with(&[("orders.yaml", ORDERS), ("workload.yaml", "namespace: shop\n")])
        .run_with(&[&["eval"], arguments].concat(), lines);
    let answers = ran
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    (ran, answers)
}

const GIVEN: [&str; 4] = ["--policies", "orders.yaml", "--workload", "workload.yaml"];

/// For what is wrong with a line whichever engine would decide: a module takes a second to compile.
const READ: [&str; 6] = [
    "--engine",
    "native",
    "--policies",
    "orders.yaml",
    "--workload",
    "workload.yaml",
];

/// The traffic that the documentation shows, word for word.
const DOCUMENTED: &str = r#"{
  "protocol": "http",
  "source": {"ip": "10.0.0.7", "port": 40000},
  "remoteIp": "203.0.113.9",
  "destination": {"ip": "10.0.0.9", "port": 8080},
  "tls": {"sni": "ledger.payments.svc", "peer": {"uriSans": ["spiffe://cluster.local/ns/web/sa/frontend"], "dnsSans": [], "subject": "CN=frontend"}},
  "http": {"method": "GET", "host": "ledger.payments", "path": "/orders/1?full=1", "headers": {"x-team": "blue", "x-role": ["a", "b"]}},
  "jwt": {"payload": {"iss": "https://issuer.example", "sub": "alice", "aud": ["ledger"]}}
}"#;

#[test]
fn answers_what_the_documentation_shows() {
    let traffic: Value = serde_json::from_str(DOCUMENTED).unwrap();
    let (ran, answers) = eval(&json!({"id": "x", "traffic": traffic}).to_string(), &GIVEN);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(
        answers,
        [json!({
            "id": "x",
            "decision": "allow",
            "by": {"kind": "AuthorizationPolicy", "namespace": "shop", "name": "orders", "rule": 0},
            "why": "a rule of an ALLOW policy matched",
        })]
    );
}

#[test]
fn what_is_null_is_absent() {
    let lines = [
        json!({"id": 1, "traffic": {}}),
        json!({"id": 2, "traffic": {"protocol": null, "source": null, "remoteIp": null, "destination": null,
            "tls": null, "http": null, "jwt": null, "dynamicMetadata": null}}),
        json!({"id": 3, "traffic": {"tls": {"peer": null, "sni": null}, "http": {"method": null, "host": null, "path": null, "headers": null}}}),
        json!({"id": 3, "traffic": {"tls": {"peer": {"uriSans": null, "dnsSans": null, "subject": null}}}}),
        json!({"id": 4, "traffic": {"protocol": "tcp"}}),
        json!({"traffic": {"source": {"ip": null}}}),
        json!({"id": {"any": ["value"]}, "mesh": null, "traffic": {}}),
    ];
    let lines: Vec<String> = lines.iter().map(Value::to_string).collect();
    let (ran, answers) = eval(&lines.join("\n"), &GIVEN);
    assert_eq!((ran.code, answers.len()), (0, 7), "{ran:?}");
    for answer in &answers {
        assert_eq!(
            (&answer["decision"], &answer["by"]),
            (&json!("deny"), &json!(null)),
            "{answer}"
        );
    }
    assert_eq!(answers[5]["id"], json!(null));
    assert_eq!(answers[6]["id"], json!({"any": ["value"]}));
}

#[test]
fn a_wrong_line_does_not_stop_the_rest() {
    let deep = format!(
        "{{\"id\": \"deep\", \"traffic\": {}{}}}",
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    let lines = [
        r#"{"id": 1, "traffic": {}}"#,
        "not json",
        r#"{"id": 3, "traffic": {"htpp": {}}}"#,
        r#"{"id": 4, "traffic": {"source": {"ip": "300.1.1.1"}}}"#,
        r#"{"id": 5, "resources": [{"kind": "AuthorizationPolicy"}], "traffic": {}}"#,
        r#"{"id": 6, "resources": [{"kind": "a", "kind": "b"}], "traffic": {}}"#,
        r#"{"id": 7, "traffic": {"protocol": "tcp", "http": {}}}"#,
        r#"{"id": 8, "workload": {"namespace": ""}, "traffic": {}}"#,
        r#"{"id": 9, "trafic": {}, "traffic": {}}"#,
        r#"{"id": 10}"#,
        r#"[]"#,
        "",
        &deep,
        r#"{"id": 11, "traffic": {"destination": {"port": 70000}}}"#,
        r#"{"id": 12, "traffic": {"tls": {"peer": {"uriSans": ["spiffe://größe/x"]}}}}"#,
        r#"{"id": 13, "traffic": {"http": {"headers": {"a": "b\r\nc"}}}}"#,
        r#"{"id": "last", "traffic": {}}"#,
    ];
    let (ran, answers) = eval(&lines.join("\n"), &GIVEN);
    assert_eq!((ran.code, answers.len()), (2, 16), "{ran:?}");
    let wrong: Vec<&str> = answers[1..15]
        .iter()
        .map(|answer| answer["error"].as_str().unwrap())
        .collect();
    for (error, part) in wrong.iter().zip([
        "the line cannot be read",
        "htpp",
        "300.1.1.1",
        "apiVersion",
        "duplicate key `kind`",
        "`http` is given for `protocol: tcp`",
        "`workload.namespace` is missing or empty",
        "trafic",
        "traffic",
        "the line cannot be read",
        "the line cannot be read",
        "70000",
        "cannot be in a certificate",
        "line break",
    ]) {
        assert!(error.contains(part), "`{part}` is not in: {error}");
    }
    assert_eq!(answers[2]["id"], json!(3));
    assert_eq!(
        (&answers[0]["decision"], &answers[15]["id"]),
        (&json!("deny"), &json!("last"))
    );
}

#[test]
fn a_huge_line_is_refused_and_not_kept() {
    let mut lines = format!(
        "{{\"id\": 1, \"traffic\": {{}}, \"x\": \"{}\"}}\n",
        "x".repeat(33 * 1024 * 1024)
    );
    lines.push_str("{\"id\": 2, \"traffic\": {}}\n");
    let (ran, answers) = eval(&lines, &READ);
    assert_eq!(ran.code, 2);
    assert!(
        answers[0]["error"]
            .as_str()
            .unwrap()
            .contains("longer than 32 MiB"),
        "{}",
        answers[0]
    );
    assert_eq!(answers[1]["decision"], json!("deny"));
}

#[test]
fn wrong_files_are_told_once_and_underlined() {
    let folder = Folder::with(&[
        ("orders.yaml", &ORDERS.replace("methods", "method")),
        ("workload.yaml", "namespace: shop\n"),
    ]);
    let ran = folder.run_with(&[&["eval"], GIVEN.as_slice()].concat(), "{\"traffic\": {}}\n");
    ran.says(2, &["did you mean `methods`?", "orders.yaml:13:9"]);
    assert_eq!(ran.out, "");
    folder
        .run_with(&["eval", "--workload", "none.yaml"], "")
        .says(2, &["`none.yaml` cannot be read"]);
}

#[test]
fn without_policies_a_line_must_bring_them() {
    let (ran, answers) = eval("{\"id\": 1, \"traffic\": {}}\n", &GIVEN[2..]);
    assert_eq!(ran.code, 2);
    assert!(
        answers[0]["error"].as_str().unwrap().contains("--policies"),
        "{}",
        answers[0]
    );
}

/// Whatever else is wrong with a line, its sender can tell which one it was.
#[test]
fn ids_come_back_as_they_were_written() {
    let lines = [
        r#"{"id": 12345678901234567890123456789, "traffic": {}}"#,
        r#"{"id": 1.50, "traffic": {}}"#,
        r#"{"id": {"z": 1, "a": 2}, "traffic": {}}"#,
        r#"{"id": "\u00e9", "traffic": {}}"#,
        r#"{"id": null, "traffic": {}}"#,
        r#"{"id": "cut off", "traffic": {"#,
        r#"{"traffic": 7, "id": "behind"}"#,
        r#"{"id": "first", "id": "second", "traffic": {}}"#,
    ];
    let ran = eval(&lines.join("\n"), &READ).0;
    assert_eq!(ran.code, 2);
    let ids = [
        "12345678901234567890123456789",
        "1.50",
        r#"{"z": 1, "a": 2}"#,
        r#""\u00e9""#,
        "null",
        r#""cut off""#,
        r#""behind""#,
        r#""first""#,
    ];
    assert_eq!(ran.out.lines().count(), ids.len(), "{}", ran.out);
    for (line, id) in ran.out.lines().zip(ids) {
        assert!(line.starts_with(&format!("{{\"id\":{id},")), "{id}: {line}");
    }
}

/// Serde takes a list for a struct: `"tls": []` was TLS without a certificate, `"traffic": []` plaintext to anywhere.
#[test]
fn a_list_is_no_object() {
    for traffic in [
        r#"[]"#,
        r#"{"tls": []}"#,
        r#"{"tls": {"peer": [["spiffe://a"]]}}"#,
        r#"{"source": ["10.0.0.1", 80]}"#,
        r#"{"http": ["GET"]}"#,
        r#"{"jwt": [{}]}"#,
    ] {
        let (ran, answers) = eval(&format!("{{\"id\": 1, \"traffic\": {traffic}}}"), &READ);
        assert_eq!(ran.code, 2, "{traffic}: {ran:?}");
        let error = answers[0]["error"].as_str().unwrap();
        assert!(error.contains("expected an object, found a list"), "{error}");
    }
    let (ran, answers) = eval("[1, null, null, [], {}]\n", &READ);
    assert_eq!(ran.code, 2);
    let error = answers[0]["error"].as_str().unwrap();
    assert!(error.contains("expected an object such as {\"id\": 1"), "{error}");
}

/// Two readers of one text may each take another of two values, so neither is taken.
#[test]
fn names_stand_once_wherever_they_stand() {
    for (line, name) in [
        (r#"{"traffic": {"tls": null, "tls": {}}}"#, "tls"),
        (r#"{"traffic": {"http": {"headers": {"a": "b", "a": "c"}}}}"#, "a"),
        (
            r#"{"traffic": {"jwt": {"payload": {"x": [{"sub": 1, "sub": 2}]}}}}"#,
            "sub",
        ),
        (
            r#"{"workload": {"namespace": "a", "namespace": "b"}, "traffic": {}}"#,
            "namespace",
        ),
        (
            r#"{"resources": [{"spec": {"rules": [], "rules": [{}]}}], "traffic": {}}"#,
            "rules",
        ),
        (r#"{"traffic": {}, "traffic": {}}"#, "traffic"),
    ] {
        let (ran, answers) = eval(line, &READ);
        assert_eq!(ran.code, 2, "{line}: {ran:?}");
        let error = answers[0]["error"].as_str().unwrap();
        assert!(
            error.contains(&format!("duplicate key `{name}`; remove one")),
            "{error}"
        );
    }
}

#[test]
fn lines_end_and_begin_as_editors_like() {
    let lines = "\u{feff}{\"id\": 1, \"traffic\": {}}\r\n\r\n \t\n{\"id\": 2, \"traffic\": {}}";
    let (ran, answers) = eval(lines, &READ);
    assert_eq!((ran.code, answers.len()), (0, 2), "{ran:?}");
    assert_eq!((&answers[0]["id"], &answers[1]["id"]), (&json!(1), &json!(2)));
    assert!(ran.out.ends_with('\n'));
    assert_eq!(eval("", &READ).0.code, 0);
}

#[test]
fn by_says_kind_and_rule() {
    let strict = json!({"apiVersion": "security.istio.io/v1", "kind": "PeerAuthentication",
        "metadata": {"name": "default", "namespace": "shop"}, "spec": {"mtls": {"mode": "STRICT"}}});
    let line = json!({"id": 1, "resources": [strict], "traffic": {}});
    let (ran, answers) = eval(&line.to_string(), &GIVEN);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(
        answers[0]["by"],
        json!({"kind": "PeerAuthentication", "namespace": "shop", "name": "default", "rule": null})
    );
    assert_eq!(answers[0]["decision"], "deny");
}

/// A sequence that looks random and is the same on every machine.
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
