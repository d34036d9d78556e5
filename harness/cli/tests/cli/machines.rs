//! Output for programs: each format follows its specification, with everything that can occur in it.

use serde_json::Value;

use crate::fixture::{Folder, ORDERS};
use crate::formats::sarif_differs;

/// Passed, failed, skipped, a snapshot that differs, and names that need escapes.
const SUITE: &str = r##"workload: {namespace: shop}
policies: [orders.yaml]
peers:
  frontend: spiffe://cluster.local/ns/web/sa/frontend
requests:
  list: GET /orders
snapshot: access.md
cases:
- {peer: frontend, request: list, expect: allow}
- {name: "a <b> & \"c\" # 100%, d: e | \\ ]]>", peer: frontend, request: GET /admin, expect: allow}
- {name: "two\nlines", peer: frontend, request: list, expect: deny, by: missing}
- {name: later, request: list, expect: deny, skip: "# not yet: \"soon\""}
"##;

fn report(format: &str) -> String {
    let folder = Folder::with(&[("orders.yaml", ORDERS), ("orders_test.yaml", SUITE)]);
    let snapshot = "<!-- Written by `peerwarden test --update-snapshots`. -->\n";
    folder.write("access.md", snapshot);
    let ran = folder.run(&[
        "test",
        "--format",
        format,
        "--coverage",
        "--coverage-threshold",
        "100",
    ]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert_eq!(ran.err, "", "{ran:?}");
    ran.out
}

#[test]
fn sarif() {
    let log: Value = serde_json::from_str(&report("sarif")).unwrap();
    assert_eq!(sarif_differs(&log), None);
    let results = log["runs"][0]["results"].as_array().unwrap();
    let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    let mut seen: Vec<&str> = results
        .iter()
        .map(|result| result["ruleId"].as_str().unwrap())
        .collect();
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(
        seen,
        ["changed-access", "coverage", "unexpected-decision", "untried"]
    );
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
    }
    let decision = results
        .iter()
        .find(|result| result["ruleId"] == "unexpected-decision")
        .unwrap();
    let near = &decision["relatedLocations"][0];
    assert_eq!(near["message"]["text"], "near miss");
    assert_eq!(near["physicalLocation"]["artifactLocation"]["uri"], "orders.yaml");
}

/// The plan, the numbering of lines, and diagnostics in YAML:
/// <https://testanything.org/tap-version-14-specification.html>.
#[test]
fn tap() {
    let text = report("tap");
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("TAP version 14"));
    assert_eq!(lines.next(), Some("1..5"));
    let (mut number, mut yaml) = (0, None);
    for line in lines {
        match (&mut yaml, line) {
            (None, "  ---") => yaml = Some(String::new()),
            (Some(text), "  ...") => {
                let block: Value = serde_saphyr::from_str(text).unwrap();
                assert!(
                    block["message"].is_string() && block["at"].is_string() && block["why"].is_array(),
                    "{block}"
                );
                yaml = None;
            }
            (Some(text), line) => text.push_str(&format!("{line}\n")),
            (None, line) => {
                number += 1;
                let rest = line.strip_prefix("not ").unwrap_or(line);
                assert!(
                    rest.starts_with(&format!("ok {number} - orders_test.yaml: ")),
                    "{line}"
                );
                // An unescaped hash begins a directive.
                let plain = rest.replace("\\\\", "").replace("\\#", "");
                assert_eq!(plain.contains('#'), rest.contains(" # SKIP "), "{line}");
            }
        }
    }
    assert_eq!((number, yaml), (5, None), "{text}");
}

/// Elements and attributes as in <https://github.com/testmoapp/junitxml>, and consistent counts.
#[test]
fn junit() {
    let text = report("junit");
    let report = quick_junit::Report::deserialize_from_str(&text).unwrap();
    assert_eq!(
        (report.tests, report.failures, report.errors),
        (5, 3, 0),
        "{text}"
    );
    let suite = report.test_suites.first().unwrap();
    assert_eq!(suite.tests, 5, "{text}");
    let names: Vec<&str> = suite.test_cases.iter().map(|case| case.name.as_str()).collect();
    assert!(
        names.contains(&"a <b> & \"c\" # 100%, d: e | \\ ]]>"),
        "{names:?}"
    );
}

/// One line for each annotation, with a command that GitHub knows and properties that it can parse.
#[test]
fn github() {
    let text = report("github");
    let annotations = text.lines().filter_map(|line| line.strip_prefix("::"));
    let mut count = 0;
    for annotation in annotations {
        let (head, message) = annotation.split_once("::").unwrap();
        let (command, properties) = head.split_once(' ').unwrap();
        assert!(["error", "notice"].contains(&command), "{annotation}");
        for property in properties.split(',') {
            let (name, value) = property.split_once('=').unwrap();
            assert!(
                ["file", "line", "col", "title"].contains(&name) && !value.is_empty(),
                "{annotation}"
            );
        }
        assert!(!message.is_empty());
        count += 1;
    }
    assert!(count > 5, "{text}");
    assert!(text.ends_with("1 passed, 3 failed, 1 skipped\n"), "{text}");
}

#[test]
fn json() {
    let report: Value = serde_json::from_str(&report("json")).unwrap();
    assert_eq!(
        (&report["passed"], &report["failed"], &report["skipped"]),
        (&1.into(), &3.into(), &1.into())
    );
    for name in ["readingMs", "moduleMs", "runningMs"] {
        assert!(report["timings"][name].as_f64().unwrap() >= 0.0, "{name}");
    }
    let cases = report["suites"][0]["cases"].as_array().unwrap();
    let outcomes: Vec<&str> = cases
        .iter()
        .map(|case| case["outcome"].as_str().unwrap())
        .collect();
    assert_eq!(outcomes, ["passed", "failed", "failed", "skipped", "failed"]);
    assert!(report["coverage"]["points"]["percent"].as_u64().unwrap() < 100);
}
