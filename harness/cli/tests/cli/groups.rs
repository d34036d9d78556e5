//! Failures with the same cause form one group, and a suite that cannot run does not stop the others.

use serde_json::Value;

use crate::fixture::{Folder, ORDERS, SUITE};
use crate::validate::differs;

/// Two hundred cases that fail on the same rule, and one that fails differently.
fn folder() -> Folder {
    let mut cases = String::from(SUITE);
    for case in 0..200 {
        cases.push_str(&format!(
            "- {{name: c{case}, peer: frontend, request: POST /orders/{case}, expect: allow}}\n"
        ));
    }
    cases.push_str("- {name: other, peer: frontend, request: list, expect: deny}\n");
    Folder::with(&[("orders.yaml", ORDERS), ("orders_test.yaml", &cases)])
}

#[test]
fn failures_with_one_cause_are_one_group() {
    let folder = folder();
    let ran = folder.run(&["test", "--engine", "native"]);
    assert_eq!(ran.code, 1);
    assert_eq!(ran.out.matches("FAIL c").count(), 3, "{ran:?}");
    assert_eq!(ran.out.matches("FAIL other").count(), 1, "{ran:?}");
    ran.says(
        1,
        &[
            "and 197 more failures like these: expected allow, got deny by no rule",
            "near miss shop/orders[0]; `--verbose` shows all",
            "0 passed, 201 failed in 1 suite",
        ],
    );
    let all = folder.run(&["test", "--engine", "native", "--verbose"]);
    assert_eq!(all.out.matches("FAIL c").count(), 200);
    for (format, of_case) in [
        ("json", "\"name\": \"c"),
        ("github", ",title=c"),
        ("junit", "<testcase name=\"c"),
        ("tap", "not ok "),
        ("sarif", "\"text\": \"c"),
    ] {
        let ran = folder.run(&["test", "--engine", "native", "--format", format]);
        assert!(ran.out.matches(of_case).count() >= 200, "{format}: {}", ran.out);
    }
}

#[test]
fn what_cannot_run_does_not_keep_the_rest_from_running() {
    let fine = format!("{SUITE}- {{peer: frontend, request: list, expect: allow}}\n");
    let folder = Folder::with(&[
        ("orders.yaml", ORDERS),
        ("wrong.yaml", &ORDERS.replace("principals", "principal")),
        ("fine_test.yaml", &fine),
        ("a_test.yaml", &fine.replace("orders.yaml", "wrong.yaml")),
        ("b_test.yaml", &fine.replace("orders.yaml", "wrong.yaml")),
        (
            "c_test.yaml",
            &fine.replace("frontend, request", "nobody, request"),
        ),
    ]);
    let ran = folder.run(&["test", "--engine", "native"]);
    ran.says(
        2,
        &[
            "ok fine_test.yaml 1 passed",
            "FAIL a_test.yaml cannot run",
            "1 passed, 0 failed in 1 suite; 3 suites cannot run",
        ],
    );
    // A file that two suites name is reported once.
    assert_eq!(
        ran.said().matches("unknown field `principal`").count(),
        1,
        "{ran:?}"
    );
    assert_eq!(
        ran.said().matches("there is no peer `nobody`").count(),
        1,
        "{ran:?}"
    );
    assert_eq!(ran.err, "native engine only\n\n", "{ran:?}");

    for format in ["json", "github", "sarif", "junit", "tap"] {
        let ran = folder.run(&["test", "--engine", "native", "--format", format]);
        assert_eq!((ran.code, ran.err.as_str()), (2, ""), "{format}: {ran:?}");
        for says in ["unknown field `principal`", "there is no peer `nobody`"] {
            assert!(ran.out.contains(says), "{format}: {says}: {}", ran.out);
        }
        assert!(
            format == "github" || format == "sarif" || ran.out.contains("fine_test.yaml"),
            "{format}: {}",
            ran.out
        );
    }
    let ran = folder.run(&["test", "--engine", "native", "--format", "json"]);
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    let schema: Value = serde_json::from_str(include_str!("../../schema/test.schema.json")).unwrap();
    assert_eq!(differs(&report, &schema, &schema), None);
    assert_eq!(
        (&report["passed"], report["errors"].as_array().unwrap().len()),
        (&1.into(), 2)
    );
}

/// Even if there is nothing to run, programs find the reason in their format.
#[test]
fn formats_for_programs_are_always_written() {
    let folder = Folder::with(&[("orders.yaml", ORDERS)]);
    for format in ["json", "github", "sarif", "junit", "tap"] {
        for (arguments, code, says) in [
            (&["test", "."] as &[&str], 1, "no suite in `.`"),
            (&["test", "missing"], 2, "there is no `missing`"),
        ] {
            let ran = folder.run(&[arguments, &["--format", format]].concat());
            assert_eq!((ran.code, ran.err.as_str()), (code, ""), "{format}: {ran:?}");
            assert!(ran.out.contains(says), "{format}: {ran:?}");
        }
    }
    folder.write("peerwarden.toml", "check = 1\n");
    for format in ["json", "github", "sarif"] {
        let ran = folder.run(&["check", ".", "--format", format]);
        assert_eq!((ran.code, ran.err.as_str()), (2, ""), "{format}: {ran:?}");
        assert!(ran.out.contains("peerwarden.toml"), "{format}: {ran:?}");
    }
}

#[test]
fn fail_fast_stops_at_the_first_failure() {
    let ran = folder().run(&["test", "--engine", "native", "--fail-fast"]);
    ran.says(
        1,
        &["0 passed, 1 failed in 1 suite; 200 cases not run, because of the first failure"],
    );
    assert!(
        ran.out.contains("FAIL c0") && !ran.out.contains("FAIL c1"),
        "{ran:?}"
    );
}
