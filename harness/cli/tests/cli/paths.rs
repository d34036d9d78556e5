//! `paths: strict`, wherever a command decides: the same question with it and without.

use super::fixture::{Folder, RunOutput};

const POLICY: &str = r#"apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: no-delete, namespace: shop}
spec:
  action: DENY
  rules:
  - to: [{operation: {paths: ["*:delete"]}}]
"#;

const ESCAPED: &str = "/v1/items%3adelete";

fn suite(paths: &str, expect: &str) -> String {
    format!(
        "workload: {{namespace: shop}}\npolicies: [policy.yaml]\n{paths}cases:\n\
         - {{name: escaped, request: POST {ESCAPED}, expect: {expect}}}\n\
         - {{name: honest, request: POST /v1/items, expect: allow}}\n"
    )
}

fn folder() -> Folder {
    Folder::with(&[("policy.yaml", POLICY), ("workload.yaml", "namespace: shop\n")])
}

/// With no `--paths`, and with each of its words.
fn each(folder: &Folder, arguments: &[&str]) -> [RunOutput; 3] {
    let with = |more: &[&str]| folder.run(&[arguments, more].concat());
    [
        with(&[]),
        with(&["--paths", "lenient"]),
        with(&["--paths", "strict"]),
    ]
}

#[test]
fn suites_and_fixtures_say_it() {
    let folder = folder();
    for (paths, expect) in [
        ("", "allow"),
        ("paths: lenient\n", "allow"),
        ("paths: strict\n", "deny"),
        ("fixtures: [strict_fixtures.yaml]\n", "deny"),
        ("fixtures: [strict_fixtures.yaml]\npaths: lenient\n", "allow"),
    ] {
        let other = if expect == "allow" { "deny" } else { "allow" };
        folder.write("strict_fixtures.yaml", "paths: strict\n");
        for (expect, code) in [(expect, 0), (other, 1)] {
            folder.write("delete_test.yaml", suite(paths, expect));
            let ran = folder.run(&["test", "delete_test.yaml", "--engine", "both"]);
            assert_eq!(ran.code, code, "{paths}{expect}: {} {}", ran.out, ran.err);
        }
    }
    folder.write("delete_test.yaml", suite("paths: Strict\n", "deny"));
    folder.run(&["test"]).says(2, &["write `lenient` or `strict`"]);
}

#[test]
fn explain_says_why_a_path_is_not_established() {
    let folder = folder();
    folder.write("delete_test.yaml", suite("paths: strict\n", "deny"));
    let found = format!("found \"{ESCAPED}\", with an escape that an application may decode");
    // Without the gutter of the excerpt.
    let words = |ran: &RunOutput| {
        let words = ran.out.split_whitespace().filter(|word| *word != "|");
        words.collect::<Vec<_>>().join(" ")
    };
    let ran = folder.run(&["explain", "delete_test.yaml", "--case", "escaped"]);
    assert!(ran.code == 0 && words(&ran).contains(&found), "{ran:?}");
    let case = r#"{"workload": {"namespace": "shop"}, "paths": "strict", "traffic": {"http": {"path": "/x/..;/admin"}}}"#;
    folder.write("case.json", case);
    let ran = folder.run(&["explain", "case.json", "--policies", "policy.yaml"]);
    let found = "found \"/x/..;/admin\", with a segment of dots that an application may resolve";
    assert!(ran.code == 0 && words(&ran).contains(found), "{ran:?}");
    let arguments = [
        "explain",
        "--policies",
        "policy.yaml",
        "--workload",
        "workload.yaml",
        "--plaintext",
        "--path",
        ESCAPED,
        "--expect",
        "deny",
    ];
    assert_eq!(each(&folder, &arguments).map(|ran| ran.code), [1, 1, 0]);
}

#[test]
fn eval_takes_it_in_the_line_and_by_an_option() {
    let folder = folder();
    let line = |paths: &str| format!(r#"{{{paths}"traffic": {{"http": {{"path": "{ESCAPED}"}}}}}}"#) + "\n";
    let (none, lenient, strict) = (
        line(""),
        line(r#""paths": "lenient", "#),
        line(r#""paths": "strict", "#),
    );
    let eval = |more: &[&str]| {
        let arguments = ["eval", "--policies", "policy.yaml", "--workload", "workload.yaml"];
        let ran = folder.run_with(
            &[&arguments, more].concat(),
            [none.as_str(), &lenient, &strict].concat(),
        );
        assert_eq!(ran.code, 0, "{ran:?}");
        let denied = ran.out.lines().map(|line| line.contains("\"decision\":\"deny\""));
        denied.collect::<Vec<_>>()
    };
    assert_eq!(eval(&[]), [false, false, true]);
    assert_eq!(eval(&["--paths", "lenient"]), [false, false, true]);
    assert_eq!(eval(&["--paths", "strict"]), [true, false, true]);
}

#[test]
fn replay_decides_by_it() {
    let folder = folder();
    let line = serde_json::json!({
        "start_time": "2026-01-01T00:00:00.000Z", "listener": "inbound", "method": "POST", "path": ESCAPED,
        "response_code": 200, "response_code_details": "via_upstream",
        "downstream_direct_remote_address": "10.0.0.7:40000", "downstream_peer_uri_san": null,
        "decision": null, "revoked": null, "connection_security_policy": "none",
    });
    folder.write("access.log", format!("{line}\n"));
    let arguments = [
        "replay",
        "access.log",
        "--policies",
        "policy.yaml",
        "--workload",
        "workload.yaml",
        "--fail-on",
        "newly-denied",
    ];
    assert_eq!(each(&folder, &arguments).map(|ran| ran.code), [0, 0, 1]);
}

#[test]
fn questions_about_policies_are_answered_by_it() {
    let folder = folder();
    let request = format!("POST {ESCAPED}");
    let asking = ["--policies", "policy.yaml", "--workload", "workload.yaml"];
    let all = |command: &[&str]| each(&folder, &[command, &asking].concat());

    let who = all(&["who-can", &request]);
    assert_eq!(who.each_ref().map(|ran| ran.code), [0, 0, 0], "{who:?}");
    assert_eq!(
        who.map(|ran| ran.out.contains("nobody can POST")),
        [false, false, true]
    );

    let ever = all(&["can-ever", "--path", ESCAPED, "--expect", "no"]);
    assert_eq!(ever.map(|ran| ran.code), [1, 1, 0]);

    let cells = all(&["matrix", "--caller", "plaintext", "--operation", ESCAPED]);
    let denied = format!("{ESCAPED} -");
    let shows = cells.map(|ran| {
        let words: Vec<_> = ran.out.split_whitespace().collect();
        words.join(" ").contains(&denied)
    });
    assert_eq!(shows, [false, false, true]);

    // A path that strict already denies does not change.
    folder.write(
        "new.yaml",
        POLICY.replace(r#""*:delete""#, r#""*:delete", "*%3adelete""#),
    );
    let diff = each(
        &folder,
        &[
            "diff",
            "policy.yaml",
            "new.yaml",
            "--workload",
            "workload.yaml",
            "--protocol",
            "http",
        ],
    );
    assert_eq!(diff.map(|ran| ran.code), [1, 1, 0]);
}
