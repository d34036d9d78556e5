//! `peerwarden replay`.

mod log_formats;

use insta::assert_snapshot;
use serde_json::{Value, json};

use log_formats::ISTIO;

use crate::fixture::{Folder, ORDERS, RunOutput};
use crate::validate::differs;

const WORKLOAD: &str = "namespace: shop\n";
const FRONTEND: &str = "spiffe://cluster.local/ns/web/sa/frontend";

/// A line in the format of `peerwarden render`.
fn line(method: &str, path: &str, peer: Option<&str>, decision: Option<&str>) -> String {
    let security = if peer.is_some() { "mutual_tls" } else { "none" };
    json!({
        "start_time": "2026-01-01T00:00:00.000Z", "listener": "inbound", "method": method, "path": path,
        "response_code": 200, "response_code_details": "via_upstream",
        "downstream_direct_remote_address": "10.0.0.7:40000", "downstream_peer_uri_san": peer,
        "decision": decision, "revoked": null, "connection_security_policy": security,
    })
    .to_string()
}

/// A day's traffic of a mesh.
fn log() -> String {
    let backend = Some("spiffe://cluster.local/ns/shop/sa/backend");
    let by_orders = Some("deny no-allow-rule-matched");
    let mut lines = vec![
        line("GET", "/orders/1", Some(FRONTEND), None),
        line("GET", "/orders/2?full=1", Some(FRONTEND), None),
        line("POST", "/orders", Some(FRONTEND), None),
        line("GET", "/orders/1", backend, None),
        line("GET", "/orders/1", None, by_orders),
        line("DELETE", "/orders/1", Some(FRONTEND), by_orders),
        line("GET", "/orders/3", Some(FRONTEND), by_orders),
    ];
    // A line without the caller.
    lines.push(lines[0].replace(&format!("\"{FRONTEND}\""), "\"a,b\""));
    lines.join("\n") + "\n"
}

fn folder() -> Folder {
    Folder::with(&[
        ("orders.yaml", ORDERS),
        ("workload.yaml", WORKLOAD),
        ("access.log", &log()),
    ])
}

fn replay(folder: &Folder, more: &[&str]) -> RunOutput {
    let mut arguments = vec![
        "replay",
        "access.log",
        "--policies",
        "orders.yaml",
        "--workload",
        "workload.yaml",
    ];
    arguments.extend_from_slice(more);
    folder.run(&arguments)
}

#[test]
fn says_what_would_change() {
    let ran = replay(&folder(), &[]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{ran:?}");
    assert_snapshot!(ran.out);
}

/// The certificate was not verified: such a line is nobody's request.
#[test]
fn what_was_refused_before_any_policy_is_counted_by_itself() {
    let folder = folder();
    let refused = |reason: &str| {
        json!({
            "listener": "inbound", "filter_chain": "mutual-tls", "response_flags": "-",
            "downstream_transport_failure_reason": reason,
            "downstream_direct_remote_address": "10.0.0.7:40000", "downstream_peer_uri_san": FRONTEND,
        })
        .to_string()
    };
    let before = replay(&folder, &[]).out;
    let lines = [
        refused("TLS_error:|268435581:SSL_routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED:TLS_error_end"),
        refused(
            "TLS_error:|268435648:SSL_routines:OPENSSL_internal:PEER_DID_NOT_RETURN_A_CERTIFICATE:TLS_error_end",
        ),
        refused(
            "TLS_error:|268435648:SSL_routines:OPENSSL_internal:PEER_DID_NOT_RETURN_A_CERTIFICATE:TLS_error_end",
        ),
    ];
    folder.write("access.log", log() + &lines.join("\n") + "\n");
    let ran = replay(&folder, &[]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let expected = "\n3 lines more, for which no policy was evaluated:\n\
                    \x20          2 the client presents no certificate\n\
                    \x20          1 the client's certificate is not accepted\n";
    assert!(ran.out.contains(expected), "{}", ran.out);
    assert_eq!(ran.out.replace(expected, ""), before);
    let told: Value = serde_json::from_str(&replay(&folder, &["--format", "json"]).out).unwrap();
    assert_eq!(told["refused"]["the client presents no certificate"], 2);
    assert_eq!(told["lines"], 8);
}

#[test]
fn old_policies_are_compared_with() {
    let folder = folder();
    folder.write(
        "old.yaml",
        ORDERS.replace("\"GET\"", "\"GET\", \"POST\", \"DELETE\""),
    );
    let ran = replay(&folder, &["--old", "old.yaml", "--all"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_snapshot!(ran.out);
}

#[test]
fn json_is_as_its_schema_says() {
    let ran = replay(&folder(), &["--format", "json"]);
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    let schema = include_str!("../../schema/replay.schema.json");
    let schema: Value = serde_json::from_str(schema).unwrap();
    assert_eq!(differs(&report, &schema, &schema), None);
    assert_eq!(report["lines"], 8);
    assert_eq!(
        report["changes"],
        json!({"newly-denied": 2, "newly-allowed": 1, "unknown": 1, "denied": 0, "allowed": 0,
               "still-unknown": 0, "still-denied": 2, "still-allowed": 2})
    );
    let unknown = report["groups"]
        .as_array()
        .unwrap()
        .iter()
        .find(|group| group["change"] == "unknown");
    assert_eq!(
        unknown.unwrap(),
        &json!({"change": "unknown", "rule": "ALLOW shop/orders[0]", "lacks": ["tls.peer"],
                "caller": "a caller that is not in the log", "lines": 1,
                "example": {"log": "access.log", "line": 8, "asks": "GET /orders/1"}})
    );
}

#[test]
fn fail_on_decides_the_exit_code() {
    let code = |change| replay(&folder(), &["--fail-on", change]).code;
    assert_eq!(["newly-denied", "newly-allowed", "unknown"].map(code), [1, 1, 1]);
    let same = Folder::with(&[
        ("orders.yaml", ORDERS),
        ("workload.yaml", WORKLOAD),
        ("access.log", &line("GET", "/orders", Some(FRONTEND), None)),
    ]);
    assert_eq!(
        replay(&same, &["--fail-on", "newly-denied,newly-allowed,unknown"]).code,
        0
    );
}

#[test]
fn what_is_missing_is_said() {
    let folder = folder();
    folder
        .run(&["replay", "access.log"])
        .says(2, &["no policies", "--policies PATH"]);
    let run = |log: &str, policies: &str| {
        folder.run(&[
            "replay",
            log,
            "--policies",
            policies,
            "--workload",
            "workload.yaml",
        ])
    };
    run("none.log", "orders.yaml").says(2, &["cannot read `none.log`"]);
    run(".", "orders.yaml").says(2, &["is a folder", "name the log files"]);
    run("access.log", "none.yaml").says(2, &["cannot read `none.yaml`"]);
    folder
        .run(&["replay", "access.log", "--policies", "orders.yaml"])
        .says(2, &["`workload` is missing"]);
}

/// The peer is unknown, but nothing changes: the only policy that differs is about another path.
#[test]
fn what_cannot_change_is_not_called_unknown() {
    let folder = folder();
    folder.write("access.log", ISTIO);
    let deny = |path: &str, more: &str| {
        let policy = ORDERS
            .replace("name: orders", "name: lock")
            .replace("spec:\n", "spec:\n  action: DENY\n");
        format!("{ORDERS}---\n{}{more}", policy.replace("/orders*", path))
    };
    let counts = |old: &str, new: &str| {
        folder.write("old.yaml", old);
        folder.write("orders.yaml", new);
        let ran = replay(&folder, &["--old", "old.yaml", "--format", "json"]);
        let report: Value = serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{ran:?}"));
        ["unknown", "still-unknown", "newly-denied"].map(|change| report["changes"][change].as_u64().unwrap())
    };
    assert_eq!(counts(ORDERS, ORDERS), [0, 2, 0], "the same policies");
    assert_eq!(counts(ORDERS, &deny("/admin*", "")), [0, 2, 0], "another path");
    assert_eq!(counts(ORDERS, &deny("/orders/1", "")), [2, 0, 0], "this path");
    assert_eq!(
        counts(&deny("/orders/1", ""), ORDERS),
        [2, 0, 0],
        "the other way round"
    );
    let strict = "---\napiVersion: security.istio.io/v1\nkind: PeerAuthentication\n\
                  metadata: {name: strict, namespace: shop}\nspec: {mtls: {mode: STRICT}}\n";
    assert_eq!(
        counts(ORDERS, &deny("/admin*", strict))[1],
        0,
        "a mode is no rule"
    );
    let only_deny = deny("/admin*", "").replacen(ORDERS, "", 1);
    assert_eq!(
        counts(ORDERS, &only_deny)[1],
        0,
        "without an ALLOW policy what no rule is about passes"
    );
}

/// Lines that Envoy 1.40 writes: requests that Envoy itself refused, and connections whose application is down.
#[test]
fn what_no_filter_saw_is_counted_by_itself_and_what_goes_nowhere_is_not_denied() {
    let folder = folder();
    let refused = include_str!("logs/refused_requests.jsonl");
    let down = include_str!("logs/application_down.jsonl");
    folder.write("access.log", format!("{refused}{down}"));
    let everybody = "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\n\
                     metadata: {name: everybody, namespace: shop}\nspec: {rules: [{}]}\n";
    folder.write("orders.yaml", everybody);
    let ran = replay(&folder, &["--format", "json", "--all"]);
    let told: Value = serde_json::from_str(&ran.out).unwrap();
    let refused = told["refused"].as_object().unwrap();
    assert_eq!(refused.values().filter_map(Value::as_u64).sum::<u64>(), 22);
    let underscores = refused.iter().find(|(why, _)| why.contains("`underscores`"));
    assert_eq!(underscores.map(|(_, lines)| lines), Some(&json!(2)));
    assert_eq!(told["lines"], 3);
    assert_eq!(
        (
            &told["changes"]["allowed"],
            &told["changes"]["still-allowed"],
            &told["changes"]["newly-allowed"]
        ),
        (&json!(1), &json!(1), &json!(1)),
        "{told}"
    );
    let ran = replay(&folder, &["--all"]);
    let words = ran.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        words.contains("the connection to the application failed"),
        "{ran:?}"
    );
    assert!(
        words.contains("22 lines more, for which no policy was evaluated:"),
        "{ran:?}"
    );
}
