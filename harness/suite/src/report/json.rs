//! One JSON document, of the schema `harness/cli/schema/test.schema.json`.

mod why;

use anyhow::{Context, Result};
use peerwarden_traffic::{Answer, DecidedBy};
use schemars::JsonSchema;
use serde::Serialize;

use super::{CaseResult, Outcome, SuiteResult};
use crate::coverage;
use crate::snapshot::Change;

/// What came of a run.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Report<'r> {
    /// The module that was run; null for `--engine native`.
    module: Option<Module<'r>>,
    /// Cases that came out as expected.
    passed: usize,
    /// Cases that did not, and cases that got no answer.
    failed: usize,
    /// Cases that were not run.
    skipped: usize,
    /// The suites, in the order of their files.
    suites: Vec<Suite<'r>>,
    /// What the cases show of the policies; null when it was not asked for.
    coverage: Option<coverage::json::Coverage<'r>>,
    /// Where the time went.
    timings: Timings,
}

/// The module that was run.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Module<'r> {
    /// Its file.
    path: String,
    /// Hexadecimal, of that file.
    sha256: &'r str,
    /// Whether it was compiled by an earlier run.
    from_cache: bool,
}

/// In milliseconds.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Timings {
    /// Reading suites and policies.
    reading_ms: f64,
    /// Compiling the module, or taking it from the cache.
    module_ms: f64,
    /// Configuring engines, and the cases.
    running_ms: f64,
}

/// One suite.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Suite<'r> {
    /// Its path as it was given.
    suite: &'r str,
    /// Its cases, and its snapshot if it has one.
    cases: Vec<Case<'r>>,
    /// What cases that pass promise and no policy can keep, such as that a peer is let in that the handshake refuses.
    #[serde(skip_serializing_if = "Option::is_none")]
    notes: Option<&'r [String]>,
}

/// One case, or a snapshot.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Case<'r> {
    /// Its name.
    name: &'r str,
    /// What came of it; `broken` is no answer, or two that disagree, and `written` is of snapshots.
    #[schemars(extend("enum" = ["passed", "failed", "broken", "skipped", "written"]))]
    outcome: &'static str,
    /// The line of its expectation, from 1.
    line: usize,
    /// The column of its expectation, in characters from 1.
    column: usize,
    /// Of one that failed, what was expected: `allow`, or `deny by shop/orders[2]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<&'r str>,
    /// What was decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    got: Option<Got<'r>>,
    /// Of one that failed, why it came out so; of the first thousand.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<why::Why<'r>>,
    /// Of one that is broken, and of a snapshot that is not as it was, what is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// Of one that was skipped, why.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'r str>,
    /// Of a snapshot, the rows that are not as they were.
    #[serde(skip_serializing_if = "Option::is_none")]
    changes: Option<&'r [Change]>,
}

/// A decision.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Got<'r> {
    /// The verdict.
    #[schemars(extend("enum" = ["allow", "deny"]))]
    decision: &'static str,
    /// The document, and the rule in it, that decided; null when none did.
    by: Option<&'r DecidedBy>,
    /// The reason's name, as in logs.
    reason: &'static str,
}

pub(super) fn text(report: &super::Report) -> Result<String> {
    let counts = report.counts();
    let document = Report {
        module: report.module.as_ref().map(|module| Module {
            path: module.path.display().to_string(),
            sha256: &module.sha256,
            from_cache: module.from_cache,
        }),
        passed: counts.passed,
        failed: counts.failed,
        skipped: counts.skipped,
        suites: report.suites.iter().map(Suite::of).collect(),
        coverage: report.coverage.as_ref().map(coverage::json::Coverage::of),
        timings: Timings {
            reading_ms: milliseconds(report.timings.reading),
            module_ms: milliseconds(report.timings.module),
            running_ms: milliseconds(report.timings.running),
        },
    };
    let text = serde_json::to_string_pretty(&document).context("the report cannot be written as JSON")?;
    Ok(text + "\n")
}

fn milliseconds(duration: std::time::Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

impl<'r> Suite<'r> {
    fn of(suite: &'r SuiteResult) -> Self {
        Self {
            suite: &suite.name,
            cases: suite.cases.iter().map(Case::of).collect(),
            notes: (!suite.notes.is_empty()).then_some(&suite.notes),
        }
    }
}

impl<'r> Case<'r> {
    fn of(result: &'r CaseResult) -> Self {
        let (line, column) = result.place.source.position(result.place.span.start);
        let mut case = Self {
            name: &result.name,
            outcome: result.outcome.word(),
            line,
            column,
            expected: None,
            got: None,
            why: None,
            error: None,
            reason: None,
            changes: None,
        };
        match &result.outcome {
            Outcome::Passed(answer) => case.got = Some(Got::of(answer)),
            Outcome::Failed(failure) => {
                case.expected = Some(&failure.expected);
                case.got = Some(Got::of(&failure.answer));
                case.why = failure.why.as_ref().map(why::Why::of);
            }
            Outcome::Broken(message) => case.error = Some(message.clone()),
            Outcome::Skipped(reason) => case.reason = Some(reason),
            Outcome::Snapshot(snapshot) => {
                case.error = snapshot.failure();
                case.changes = Some(snapshot.changes());
            }
        }
        case
    }
}

impl<'r> Got<'r> {
    fn of(answer: &'r Answer) -> Self {
        let decision = &answer.decision;
        Self {
            decision: decision.verdict(),
            by: decision.by.as_ref(),
            reason: decision.reason.as_str(),
        }
    }
}
