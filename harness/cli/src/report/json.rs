//! One JSON document.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::{CaseResult, Outcome, Report, SuiteResult};

pub(super) fn text(report: &Report) -> Result<String> {
    let counts = report.counts();
    let document = json!({
        "module": report.module.as_ref().map(|module| json!({"path": module.path, "sha256": module.sha256})),
        "passed": counts.passed,
        "failed": counts.failed,
        "skipped": counts.skipped,
        "suites": report.suites.iter().map(suite).collect::<Vec<_>>(),
    });
    let text = serde_json::to_string_pretty(&document).context("the report cannot be written as JSON")?;
    Ok(text + "\n")
}

fn suite(suite: &SuiteResult) -> Value {
    json!({
        "suite": suite.name,
        "cases": suite.cases.iter().map(case).collect::<Vec<_>>(),
        "coverage": suite.coverage.as_ref().map(super::Coverage::json),
    })
}

fn case(case: &CaseResult) -> Value {
    let (line, column) = case.place.source.position(case.place.span.start);
    let mut value = json!({
        "name": case.name,
        "outcome": case.outcome.word(),
        "line": line,
        "column": column,
    });
    let answer = |answer: &crate::engine::Answer| {
        let decision = &answer.decision;
        json!({"decision": decision.verdict(), "by": decision.by, "reason": decision.reason.as_str()})
    };
    match &case.outcome {
        Outcome::Passed(got) => value["got"] = answer(got),
        Outcome::Failed {
            expected,
            answer: got,
        } => {
            value["expected"] = json!(expected);
            value["got"] = answer(got);
        }
        Outcome::Broken(message) => value["error"] = json!(message),
        Outcome::Skipped(reason) => value["reason"] = json!(reason),
    }
    value
}
