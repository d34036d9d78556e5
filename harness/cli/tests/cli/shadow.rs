//! Dry runs, AUDIT and waypoints, through both engines.

use serde_json::{Value, json};

use crate::fixture::{Folder, ORDERS};

fn documents() -> String {
    let audit = ORDERS
        .replace("name: orders", "name: log")
        .replace("spec:\n", "spec:\n  action: AUDIT\n");
    let lock = ORDERS
        .replace(
            "name: orders",
            "name: lock\n  annotations: {istio.io/dry-run: \"true\"}",
        )
        .replace("spec:\n", "spec:\n  action: DENY\n");
    format!("{ORDERS}---\n{audit}---\n{lock}")
}

#[test]
fn eval_says_what_stands_beside_the_decision() {
    let folder = Folder::with(&[("all.yaml", &documents()), ("workload.yaml", "namespace: shop\n")]);
    let frontend = json!({"peer": {"uriSans": ["spiffe://cluster.local/ns/web/sa/frontend"]}});
    let lines = [
        json!({"id": 1, "traffic": {"tls": frontend, "http": {"path": "/orders"}}}),
        json!({"id": 2, "traffic": {"http": {"path": "/orders"}}}),
    ];
    let lines: Vec<String> = lines.iter().map(Value::to_string).collect();
    let ran = folder.run_with(
        &["eval", "--policies", "all.yaml", "--workload", "workload.yaml"],
        lines.join("\n"),
    );
    assert_eq!(ran.code, 0, "{ran:?}");
    let answers: Vec<Value> = ran
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(
        (&answers[0]["decision"], &answers[0]["by"]["name"]),
        (&json!("allow"), &json!("orders"))
    );
    assert_eq!(
        (
            &answers[0]["shadow"]["decision"],
            &answers[0]["shadow"]["by"]["name"]
        ),
        (&json!("deny"), &json!("lock"))
    );
    assert_eq!(answers[0]["audited"]["name"], json!("log"));
    assert_eq!(
        (&answers[1]["decision"], &answers[1]["shadow"]["decision"]),
        (&json!("deny"), &json!("deny"))
    );
    assert_eq!(answers[1].get("audited"), None);
}

#[test]
fn explain_shows_the_dry_run() {
    let folder = Folder::with(&[("all.yaml", &documents())]);
    let case = json!({"workload": {"namespace": "shop"}, "traffic": {
        "tls": {"peer": {"uriSans": ["spiffe://cluster.local/ns/web/sa/frontend"]}}, "http": {"path": "/orders"},
    }});
    folder.write("case.json", case.to_string());
    let ran = folder.run(&["explain", "case.json", "--policies", "all.yaml"]);
    for part in [
        "ALLOW by shop/orders[0]",
        "dry run: DENY by shop/lock[0]",
        "marked for the log by shop/log[0]",
        "DENY shop/lock[0] is the near miss (dry run: no effect)",
    ] {
        assert!(ran.out.contains(part), "`{part}` is not in:\n{}", ran.out);
    }
}

#[test]
fn a_waypoint_and_its_services() {
    let targeted = ORDERS.replace(
        "spec:\n",
        "spec:\n  targetRefs: [{kind: Service, group: \"\", name: orders}]\n",
    );
    let suite = "\
workload: {kind: waypoint, namespace: shop, services: [{name: orders, namespace: shop}]}
policies: [orders.yaml]
peers: {frontend: 'spiffe://cluster.local/ns/web/sa/frontend', stranger: no-certificate}
requests: {list: GET /orders, admin: GET /admin}
matrix:
- requests: [list, admin]
  expect: {frontend: [allow, deny], stranger: [deny, deny]}
";
    let folder = Folder::with(&[("orders.yaml", &targeted), ("waypoint_test.yaml", suite)]);
    let ran = folder.run(&["test"]);
    assert_eq!(ran.code, 0, "{ran:?}");
}
