//! One JSON document.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::{CaseResult, Outcome, Report, SuiteResult};
use crate::coverage;
use crate::source::Place;
use crate::why::{Clause, Why};

pub(super) fn text(report: &Report) -> Result<String> {
    let counts = report.counts();
    let document = json!({
        "module": report.module.as_ref().map(|module| json!({
            "path": module.path,
            "sha256": module.sha256,
            "fromCache": module.from_cache,
        })),
        "passed": counts.passed,
        "failed": counts.failed,
        "skipped": counts.skipped,
        "suites": report.suites.iter().map(suite).collect::<Vec<_>>(),
        "coverage": report.coverage.as_ref().map(coverage::json::value),
        "timings": {
            "readingMs": milliseconds(report.timings.reading),
            "moduleMs": milliseconds(report.timings.module),
            "runningMs": milliseconds(report.timings.running),
        },
    });
    let text = serde_json::to_string_pretty(&document).context("the report cannot be written as JSON")?;
    Ok(text + "\n")
}

fn suite(suite: &SuiteResult) -> Value {
    json!({
        "suite": suite.name,
        "cases": suite.cases.iter().map(case).collect::<Vec<_>>(),
    })
}

fn milliseconds(duration: std::time::Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

fn why(why: &Why) -> Value {
    let clauses = |clauses: &[Clause]| -> Vec<Value> {
        let clauses = clauses.iter();
        clauses
            .map(|clause| json!({"field": clause.field, "values": clause.values, "found": clause.found}))
            .collect()
    };
    json!({
        "deciding": why.deciding.as_ref().map(|deciding| json!({
            "text": deciding.to_string(),
            "by": deciding.by,
            "on": clauses(&deciding.on),
            "place": deciding.place.as_ref().map(place),
        })),
        "nearMiss": why.near_miss.as_ref().map(|near| json!({
            "text": near.to_string(),
            "action": near.action.as_str(),
            "rule": near.rule,
            "failed": clauses(near.failed()),
            "place": near.place.as_ref().map(place),
        })),
        "note": why.note,
    })
}

fn place(place: &Place) -> Value {
    let (line, column) = place.source.position(place.span.start);
    json!({"file": place.source.name, "line": line, "column": column})
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
        Outcome::Failed(failure) => {
            value["expected"] = json!(failure.expected);
            value["got"] = answer(&failure.answer);
            value["why"] = json!(failure.why.as_ref().map(why));
        }
        Outcome::Broken(message) => value["error"] = json!(message),
        Outcome::Skipped(reason) => value["reason"] = json!(reason),
        Outcome::Snapshot(snapshot) => {
            value["error"] = json!(snapshot.failure());
            let changes = snapshot.changes().iter();
            value["changes"] = changes
                .map(|change| json!({"peer": change.peer, "request": change.request, "was": change.was, "is": change.is}))
                .collect();
        }
    }
    value
}
