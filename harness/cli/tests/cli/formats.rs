//! `peerwarden check`: findings in the formats for programs.

use serde_json::{Value, json};

use crate::fixture::{Folder, ORDERS};
use crate::validate::differs;

/// A file with a warning, and one with an error.
fn folder() -> Folder {
    let warned = ORDERS.replace("cluster.local/ns/web", "*/ns/web");
    let refused = ORDERS.replace("principals", "principal");
    Folder::with(&[("a b/orders.yaml", &warned), ("refused.yaml", &refused)])
}

fn report(format: &str) -> String {
    let ran = folder().run(&["check", "--format", format]);
    assert_eq!((ran.code, ran.err.as_str()), (2, ""), "{ran:?}");
    ran.out
}

#[test]
fn json_has_every_finding() {
    let report: Value = serde_json::from_str(&report("json")).unwrap();
    let schema: Value = serde_json::from_str(include_str!("../../schema/check.schema.json")).unwrap();
    assert_eq!(differs(&report, &schema, &schema), None);
    let mut wrong = report.clone();
    wrong["findings"][0]["severity"] = json!("fatal");
    assert!(differs(&wrong, &schema, &schema).is_some());
    assert_eq!(report["errors"], 1);
    assert_eq!(report["warnings"], 1);
    let codes: Vec<&Value> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| &finding["code"])
        .collect();
    assert_eq!(codes, [&json!("PW002"), &Value::Null]);
    assert_eq!(
        report["findings"][0]["place"],
        json!({"file": "a b/orders.yaml", "line": 10, "column": 22, "endLine": 10, "endColumn": 44})
    );
}

#[test]
fn github_has_a_line_for_each_finding() {
    insta::assert_snapshot!(report("github"));
}

/// The requirements of <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html> for the parts that are
/// written.
#[test]
fn sarif_is_what_code_scanning_reads() {
    let log: Value = serde_json::from_str(&report("sarif")).unwrap();
    insta::assert_snapshot!(without_rules(&log));
    assert_eq!(sarif_differs(&log), None);
    let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    for result in log["runs"][0]["results"].as_array().unwrap() {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
    }
    for (pointer, wrong) in [
        ("/version", json!("2.0.0")),
        ("/runs/0/results/0/level", json!("fatal")),
        ("/runs/0/results/0/message", json!("text")),
        (
            "/runs/0/results/0/locations/0/physicalLocation/region/startLine",
            json!(0),
        ),
        (
            "/runs/0/results/0/locations/0/physicalLocation/artifactLocation/uri",
            json!("a b"),
        ),
    ] {
        let mut log = log.clone();
        *log.pointer_mut(pointer).unwrap() = wrong;
        assert!(sarif_differs(&log).is_some(), "{pointer}");
    }
}

fn without_rules(log: &Value) -> String {
    let mut log = log.clone();
    let driver = &mut log["runs"][0]["tool"]["driver"];
    let first = driver["rules"][0].clone();
    driver["rules"] = json!([first]);
    driver["version"] = json!("VERSION");
    serde_json::to_string_pretty(&log).unwrap()
}

/// Where a log violates the standard: required properties, only known properties, their types and values.
pub(crate) fn sarif_differs(log: &Value) -> Option<String> {
    let mut wrong = Vec::new();
    let uri = |value: &Value| {
        let text = value.as_str().unwrap_or(" ");
        text.bytes()
            .all(|byte| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte))
    };
    known(
        log,
        "",
        &["$schema", "version", "runs"],
        &["version", "runs"],
        &mut wrong,
    );
    if log["version"] != "2.1.0" {
        wrong.push("version".to_owned());
    }
    for run in log["runs"].as_array().into_iter().flatten() {
        known(
            run,
            "run",
            &["tool", "columnKind", "results"],
            &["tool", "results"],
            &mut wrong,
        );
        let driver = &run["tool"]["driver"];
        known(
            driver,
            "driver",
            &["name", "version", "rules"],
            &["name"],
            &mut wrong,
        );
        for rule in driver["rules"].as_array().into_iter().flatten() {
            let all = ["id", "name", "shortDescription", "help", "defaultConfiguration"];
            known(rule, "rule", &all, &["id"], &mut wrong);
            known(
                &rule["shortDescription"],
                "shortDescription",
                &["text"],
                &["text"],
                &mut wrong,
            );
            level(&rule["defaultConfiguration"]["level"], &mut wrong);
        }
        for result in run["results"].as_array().into_iter().flatten() {
            let all = [
                "ruleId",
                "ruleIndex",
                "level",
                "message",
                "locations",
                "relatedLocations",
                "suppressions",
            ];
            known(result, "result", &all, &["message"], &mut wrong);
            known(&result["message"], "message", &["text"], &["text"], &mut wrong);
            level(&result["level"], &mut wrong);
            for suppression in result["suppressions"].as_array().into_iter().flatten() {
                known(
                    suppression,
                    "suppression",
                    &["kind", "justification"],
                    &["kind"],
                    &mut wrong,
                );
            }
            let places = ["locations", "relatedLocations"].map(|name| result[name].as_array());
            for location in places.into_iter().flatten().flatten() {
                known(
                    location,
                    "location",
                    &["message", "physicalLocation"],
                    &[],
                    &mut wrong,
                );
                let physical = &location["physicalLocation"];
                let both = ["artifactLocation", "region"];
                known(
                    physical,
                    "physicalLocation",
                    &both,
                    &["artifactLocation"],
                    &mut wrong,
                );
                if !uri(&physical["artifactLocation"]["uri"]) {
                    wrong.push(format!("uri: {physical}"));
                }
                let all = ["startLine", "startColumn", "endLine", "endColumn"];
                known(&physical["region"], "region", &all, &["startLine"], &mut wrong);
                if all
                    .iter()
                    .any(|name| physical["region"][name].as_u64().is_none_or(|number| number < 1))
                {
                    wrong.push(format!("region: {physical}"));
                }
            }
        }
    }
    wrong.into_iter().next()
}

fn known(value: &Value, what: &str, all: &[&str], required: &[&str], wrong: &mut Vec<String>) {
    let Some(fields) = value.as_object() else {
        wrong.push(format!("{what}: {value} is not an object"));
        return;
    };
    let unknown = fields.keys().filter(|name| !all.contains(&name.as_str()));
    wrong.extend(unknown.map(|name| format!("{what}: unknown {name}")));
    let missing = required.iter().filter(|name| !fields.contains_key(**name));
    wrong.extend(missing.map(|name| format!("{what}: no {name}")));
}

fn level(level: &Value, wrong: &mut Vec<String>) {
    if !["none", "note", "warning", "error"]
        .iter()
        .any(|known| level == known)
    {
        wrong.push(format!("level: {level}"));
    }
}
