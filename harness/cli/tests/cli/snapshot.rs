//! Snapshots of who may do what.

use std::collections::BTreeSet;

use insta::assert_snapshot;
use serde_json::Value;

use crate::fixture::{Folder, ORDERS, RunOutput};
use crate::validate::differs;

const SUITE: &str = r#"workload: {namespace: shop}
policies: [orders.yaml]
peers:
  frontend: spiffe://cluster.local/ns/web/sa/frontend
  kubelet: plaintext
requests:
  by name: {path: /orders, sni: orders.shop}
  list: GET /orders
  remove: DELETE /orders
snapshot: orders_access.md
"#;

fn folder() -> Folder {
    Folder::with(&[("orders.yaml", ORDERS), ("orders_test.yaml", SUITE)])
}

fn run(folder: &Folder, arguments: &[&str]) -> RunOutput {
    folder.run(&[&["test", "--engine", "native"], arguments].concat())
}

fn in_ci(folder: &Folder) -> RunOutput {
    let mut command = folder.command(&["test", "--engine", "native"]);
    folder.finish(command.env("CI", "true"))
}

fn written(folder: &Folder) -> String {
    std::fs::read_to_string(folder.path("orders_access.md")).unwrap()
}

#[test]
fn is_written_once_and_held_from_then_on() {
    let folder = folder();
    let ran = run(&folder, &[]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.out
            .contains("written, 6 rows; review them and commit the file"),
        "{ran:?}"
    );
    assert_snapshot!(written(&folder));
    let first = written(&folder);
    for ran in [
        run(&folder, &[]),
        in_ci(&folder),
        run(&folder, &["--update-snapshots"]),
    ] {
        assert_eq!(ran.code, 0, "{ran:?}");
        assert!(
            ran.out.contains("1 passed") && !ran.out.contains("written"),
            "{ran:?}"
        );
    }
    assert_eq!(written(&folder), first);
}

#[test]
fn a_difference_shows_the_rows_that_changed() {
    let folder = folder();
    run(&folder, &[]);
    let before = written(&folder);
    folder.write("orders.yaml", ORDERS.replace("[\"GET\"]", "[\"DELETE\"]"));
    folder.write(
        "orders_test.yaml",
        SUITE.replace("  kubelet: plaintext", "  probe: no-certificate"),
    );
    let ran = in_ci(&folder);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert_snapshot!(ran.out);
    assert_eq!(
        written(&folder),
        before,
        "it is written only when that is asked for"
    );

    // The place is that of the row, for annotations.
    let ran = run(&folder, &["--format", "github"]);
    assert!(ran.out.contains("file=orders_access.md,line=7,"), "{ran:?}");
    for (format, part) in [
        ("json", "\"was\": \"allow by shop/orders[0]\""),
        (
            "tap",
            "frontend: list: was allow by shop/orders[0], is deny: no-allow-rule-matched",
        ),
        ("junit", "probe: list: is new, deny: no-allow-rule-matched"),
    ] {
        let ran = run(&folder, &["--format", format]);
        assert!(ran.code == 1 && ran.out.contains(part), "{ran:?}");
    }

    let ran = run(&folder, &["--update-snapshots"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains("of 6 rows changed"), "{ran:?}");
    assert_eq!(in_ci(&folder).code, 0);
}

#[test]
fn in_ci_one_that_is_missing_is_a_failure() {
    let folder = folder();
    let ran = in_ci(&folder);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.out.contains("in CI it is not written"), "{ran:?}");
    assert!(!folder.path("orders_access.md").exists());
}

#[test]
fn the_module_is_asked_too() {
    let folder = folder();
    run(&folder, &[]);
    let ran = folder.run(&["test"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    // Its cells count for coverage.
    let ran = folder.run(&["test", "--coverage-threshold", "60"]);
    assert_eq!(ran.code, 0, "{ran:?}");
}

/// An untrusted suite writes only beside itself, and overwrites only snapshots.
#[test]
fn nothing_else_is_written_over() {
    let folder = folder();
    folder.write("orders_access.md", "# My notes\n");
    let ran = run(&folder, &["--update-snapshots"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(
        ran.out.contains("is not a snapshot, and is not overwritten"),
        "{ran:?}"
    );
    assert_eq!(written(&folder), "# My notes\n");
    for name in [
        "../access.md",
        "/tmp/access.md",
        "a/../../access.md",
        "orders_access.yaml",
        ".bashrc",
        "''",
    ] {
        folder.write("orders_test.yaml", SUITE.replace("orders_access.md", name));
        run(&folder, &[]).says(2, &["is not the name of a snapshot", "orders_test.yaml:10:11"]);
    }
    std::fs::remove_file(folder.path("orders_access.md")).unwrap();
    std::os::unix::fs::symlink("/dev/null", folder.path("orders_access.md")).unwrap();
    folder.write("orders_test.yaml", SUITE);
    assert_eq!(run(&folder, &["--update-snapshots"]).code, 2);
    let outside = tempfile::TempDir::new().unwrap();
    std::os::unix::fs::symlink(outside.path(), folder.path("out")).unwrap();
    folder.write(
        "orders_test.yaml",
        SUITE.replace("orders_access.md", "out/access.md"),
    );
    let ran = run(&folder, &[]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(!outside.path().join("access.md").exists());
}

#[test]
fn a_snapshot_of_nothing_is_refused() {
    let folder = folder();
    folder.write(
        "orders_test.yaml",
        "workload: {namespace: shop}\npolicies: [orders.yaml]\nsnapshot: a.md\n",
    );
    run(&folder, &[]).says(2, &["the snapshot is empty", "orders_test.yaml:3:11"]);
}

#[test]
fn filter_chooses_it_by_its_name() {
    let folder = folder();
    let suite = format!("{SUITE}cases: [{{peer: frontend, request: list, expect: allow}}]\n");
    folder.write("orders_test.yaml", suite);
    let ran = run(&folder, &["--filter", "frontend: list"]);
    assert!(ran.code == 0 && ran.out.contains("1 passed"), "{ran:?}");
    assert!(!folder.path("orders_access.md").exists());
    let ran = run(&folder, &["--filter", "snapshot"]);
    assert!(ran.code == 0 && ran.out.contains("1 passed"), "{ran:?}");
    assert!(folder.path("orders_access.md").exists());
}

/// All kinds of outcomes except a broken engine: passed, failed, skipped, a snapshot written and one that differs, with
/// coverage.
#[test]
fn the_report_is_as_its_schema_says() {
    let folder = folder();
    let cases = "cases:\n- {request: list, peer: frontend, expect: allow, by: orders}\n\
                 - {request: remove, peer: frontend, expect: allow}\n\
                 - {request: list, expect: allow, skip: not yet}\n";
    folder.write("orders_test.yaml", format!("{SUITE}{cases}"));
    let schema: Value = serde_json::from_str(include_str!("../../schema/test.schema.json")).unwrap();
    let mut outcomes = BTreeSet::new();
    for policies in [ORDERS.to_owned(), ORDERS.replace("GET", "DELETE")] {
        folder.write("orders.yaml", policies);
        for engine in ["native", "wasm"] {
            let ran = folder.run(&["test", "--engine", engine, "--coverage", "--format", "json"]);
            let report: Value = serde_json::from_str(&ran.out).unwrap();
            assert_eq!(differs(&report, &schema, &schema), None);
            let cases = report["suites"][0]["cases"].as_array().unwrap();
            outcomes.extend(
                cases
                    .iter()
                    .map(|case| case["outcome"].as_str().unwrap().to_owned()),
            );
            assert_eq!(report["module"].is_null(), engine == "native");
            assert!(!report["coverage"]["policies"][0]["rules"][0]["clauses"].is_null());
            let mut wrong = report.clone();
            wrong["suites"][0]["cases"][0]["outcome"] = "fine".into();
            assert!(differs(&wrong, &schema, &schema).is_some());
        }
    }
    let all: Vec<&str> = outcomes.iter().map(String::as_str).collect();
    assert_eq!(all, ["failed", "passed", "skipped", "written"]);
}
