//! `peerwarden eval`.

mod random;

use serde_json::{Value, json};

use crate::fixture::{Folder, ORDERS, RunOutput};

fn eval(lines: &str, arguments: &[&str]) -> (RunOutput, Vec<Value>) {
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

/// Arguments for errors that do not depend on the engine: compiling a module takes a second.
const READ: [&str; 6] = [
    "--engine",
    "native",
    "--policies",
    "orders.yaml",
    "--workload",
    "workload.yaml",
];

/// The traffic in the documentation, word for word.
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
        "`http` does not apply to `protocol: tcp`",
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
        .says(2, &["cannot read `none.yaml`"]);
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

/// Whatever else is wrong with a line, its sender can identify it.
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

/// Serde reads a list as a struct: `"tls": []` was TLS without a certificate, `"traffic": []` plaintext to anywhere.
#[test]
fn a_list_is_no_object() {
    for traffic in [
        r#"[]"#,
        r#"{"tls": []}"#,
        r#"{"tls": {"peer": [["spiffe://a"]]}}"#,
        r#"{"source": ["10.0.0.1", 80]}"#,
        r#"{"http": ["GET"]}"#,
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

/// Two parsers of one text may use different values of a duplicate key, so neither is used.
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
