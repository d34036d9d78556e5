//! `peerwarden suggest`.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::fixture::{Folder, RunOutput};
use crate::validate::differs;

const WORKLOAD: &str = "namespace: shop\nlabels: {app: orders}\n";
const FORMAT: &str = r#"{"method": "%REQ(:METHOD)%", "path": "%REQ(:PATH)%", "peer": "%DOWNSTREAM_PEER_URI_SAN%",
    "to": "%DOWNSTREAM_LOCAL_ADDRESS%", "details": "%RESPONSE_CODE_DETAILS%"}"#;

fn line(method: &str, path: &str, peer: &str, port: u16) -> String {
    json!({"method": method, "path": path, "peer": peer, "to": format!("10.0.0.9:{port}"), "details": "via_upstream"})
        .to_string()
}

fn spiffe(account: &str) -> String {
    format!("spiffe://cluster.local/ns/{account}")
}

/// A day's traffic of a mesh.
fn log() -> Vec<String> {
    let (frontend, batch) = (spiffe("web/sa/frontend"), spiffe("jobs/sa/batch"));
    let mut lines = Vec::new();
    for order in [1, 2, 3, 40, 50, 600, 7000] {
        lines.push(line("GET", &format!("/orders/{order}?full=1"), &frontend, 8080));
        lines.push(line("GET", &format!("/orders/{order}/items"), &frontend, 8080));
    }
    for path in ["/orders", "/orders/new", "/"] {
        lines.push(line("GET", path, &frontend, 8080));
    }
    lines.push(line("POST", "/orders", &frontend, 8080));
    for caller in [&batch, &spiffe("jobs/sa/nightly")] {
        lines.push(line("GET", "/metrics", caller, 9090));
        lines.push(line("HEAD", "/metrics", caller, 9090));
    }
    let denied = line("GET", "/admin", &batch, 8080);
    lines.push(denied.replace("via_upstream", "rbac_access_denied_matched_policy[none]"));
    lines
}

fn folder(lines: &[String]) -> Folder {
    Folder::with(&[
        ("workload.yaml", WORKLOAD),
        ("access.log", &(lines.join("\n") + "\n")),
    ])
}

fn suggest(folder: &Folder, more: &[&str]) -> RunOutput {
    let mut arguments = vec![
        "suggest",
        "access.log",
        "--workload",
        "workload.yaml",
        "--log-format",
        FORMAT,
    ];
    arguments.extend_from_slice(more);
    folder.run(&arguments)
}

#[test]
fn writes_a_policy_that_check_accepts_and_the_log_passes() {
    let folder = folder(&log());
    let ran = suggest(&folder, &[]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_snapshot!(format!("{}--- standard error\n{}", ran.out, ran.err));
    folder.write("suggested.yaml", &ran.out);
    let checked = folder.run(&["check", "suggested.yaml"]);
    assert_eq!(checked.code, 0, "{checked:?}");
    let replayed = folder.run(&[
        "replay",
        "access.log",
        "--policies",
        "suggested.yaml",
        "--workload",
        "workload.yaml",
        "--log-format",
        FORMAT,
        "--fail-on",
        "newly-denied,newly-allowed,unknown",
    ]);
    assert_eq!(replayed.code, 0, "{replayed:?}");
}

/// Traffic that was not in the log is denied: another caller, method, port, and a path beside those that are listed.
#[test]
fn admits_nothing_else() {
    let folder = folder(&log());
    folder.write("suggested.yaml", suggest(&folder, &[]).out);
    let (frontend, batch) = (spiffe("web/sa/frontend"), spiffe("jobs/sa/batch"));
    let others = [
        line("GET", "/orders", &batch, 8080),
        line("DELETE", "/orders", &frontend, 8080),
        line("POST", "/orders/1", &frontend, 8080),
        line("GET", "/orders", &frontend, 9090),
        line("GET", "/orders/1/items/2", &frontend, 8080),
        line("GET", "/admin", &frontend, 8080),
        line("GET", "/metrics", &spiffe("jobs/sa/other"), 9090),
    ];
    folder.write("access.log", others.join("\n"));
    let ran = folder.run(&[
        "replay",
        "access.log",
        "--policies",
        "suggested.yaml",
        "--workload",
        "workload.yaml",
        "--log-format",
        FORMAT,
        "--format",
        "json",
    ]);
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(report["changes"]["newly-denied"], others.len());
}

#[test]
fn json_has_the_policy_and_what_it_admits_beyond() {
    let ran = suggest(
        &folder(&log()),
        &["--format", "json", "--name", "orders", "--threshold", "2"],
    );
    let told: Value = serde_json::from_str(&ran.out).unwrap();
    let schema: Value = serde_json::from_str(include_str!("../../schema/suggestion.schema.json")).unwrap();
    assert_eq!(differs(&told, &schema, &schema), None);
    assert_eq!(
        told["policy"]["metadata"],
        json!({"name": "orders", "namespace": "shop"})
    );
    assert_eq!(
        (&told["lines"], &told["denied"], &told["silent"]),
        (&json!(22), &json!(1), &json!(0))
    );
    let residual = told["residual"].to_string();
    assert!(
        residual.contains("`/orders/{*}/items`, because the log has more than 2 values"),
        "{residual}"
    );
}

#[test]
fn lines_that_no_rule_can_be_made_for_are_refused() {
    let peer = spiffe("web/sa/frontend");
    let mut lines = log();
    let nobody = line("GET", "/orders", &peer, 8080).replace(&format!("\"{peer}\""), "null");
    let wildcard = line("GET", "/admin*", &peer, 8080);
    lines.extend([
        nobody,
        wildcard,
        line("G*", "/", &peer, 8080),
        line("GET", "/", "CN=x", 8080),
    ]);
    let folder = folder(&lines);
    let ran = suggest(&folder, &[]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{ran:?}");
    assert_snapshot!(ran.err);
    let ran = suggest(&folder, &["--skip-unsuitable"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    ran.says(0, &["4 lines: left out, so the policy denies such traffic"]);
    assert!(!ran.out.contains("admin"), "{ran:?}");
}

#[test]
fn what_is_missing_is_said() {
    let folder = folder(&log());
    folder
        .run(&["suggest", "-", "--workload", "workload.yaml"])
        .says(2, &["standard input cannot be read twice"]);
    suggest(&folder, &["--log-format", FORMAT]).says(2, &["--log-format"]);
    folder.run(&["suggest", "access.log"]).says(2, &["--workload"]);
    folder.write("access.log", "not a log\n");
    suggest(&folder, &[]).says(2, &["1 line could not be read", "access.log:1"]);
    folder.write("access.log", log().pop().unwrap());
    suggest(&folder, &[]).says(2, &["the log has no traffic to allow", "1 line denied"]);
    folder.write("workload.yaml", "namespcae: shop");
    suggest(&folder, &[]).says(2, &["namespcae"]);
}
