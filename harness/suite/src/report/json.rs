//! One JSON document, of the schema `harness/cli/schema/test.schema.json`.

mod diagnosis;

use anyhow::{Context, Result};
use peerwarden_traffic::{Answer, RuleRef};
use schemars::JsonSchema;
use serde::Serialize;

use super::{CaseOutcome, CaseResult, SuiteResult};
use crate::coverage;
use crate::snapshot::Change;

/// The results of a run.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Report<'r> {
    /// The module that was run; null for `--engine native`.
    module: Option<Module<'r>>,
    /// Number of cases with the expected result.
    passed: usize,
    /// Number of cases with another result or without an answer.
    failed: usize,
    /// Number of cases that were skipped.
    skipped: usize,
    /// The suites, in the order of their files.
    suites: Vec<Suite<'r>>,
    /// The coverage of the policies; null if it was not requested.
    coverage: Option<coverage::json::Coverage<'r>>,
    /// Where the time went.
    timings: Timings,
}

/// The module that was run.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Module<'r> {
    /// Its path.
    path: String,
    /// The SHA-256 of the file, in hexadecimal.
    sha256: &'r str,
    /// Whether an earlier run compiled it.
    from_cache: bool,
}

/// Times in milliseconds.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Timings {
    /// Reading suites and policies.
    reading_ms: f64,
    /// Compiling the module, or loading it from the cache.
    module_ms: f64,
    /// Configuring engines and running the cases.
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
    /// Notes on cases that pass although no policy can bring about what they expect, such as that a peer is let in that the
    /// handshake refuses.
    #[serde(skip_serializing_if = "Option::is_none")]
    notes: Option<&'r [String]>,
}

/// One case, or a snapshot.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Case<'r> {
    /// Its name.
    name: &'r str,
    /// Its outcome; `broken` means no answer or two that disagree, and `written` is only for snapshots.
    #[schemars(extend("enum" = ["passed", "failed", "broken", "skipped", "written"]))]
    outcome: &'static str,
    /// The line of its expectation, from 1.
    line: usize,
    /// The column of its expectation, in characters from 1.
    column: usize,
    /// If it failed, what was expected: `allow`, or `deny by shop/orders[2]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<&'r str>,
    /// The actual decision.
    #[serde(skip_serializing_if = "Option::is_none")]
    got: Option<Decision<'r>>,
    /// If it failed, why it was decided so; for the first thousand failures.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<diagnosis::Diagnosis<'r>>,
    /// If it is broken, or a snapshot differs, what is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// If it was skipped, why.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'r str>,
    /// For a snapshot, the rows that differ.
    #[serde(skip_serializing_if = "Option::is_none")]
    changes: Option<&'r [Change]>,
}

/// A decision.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Decision<'r> {
    /// The verdict.
    #[schemars(extend("enum" = ["allow", "deny"]))]
    decision: &'static str,
    /// The document, and the rule in it, that decided; null if none did.
    by: Option<&'r RuleRef>,
    /// The name of the reason, as in logs.
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
            CaseOutcome::Passed(answer) => case.got = Some(Decision::of(answer)),
            CaseOutcome::Failed(failure) => {
                case.expected = Some(&failure.expected);
                case.got = Some(Decision::of(&failure.answer));
                case.why = failure.why.as_ref().map(diagnosis::Diagnosis::of);
            }
            CaseOutcome::Broken(message) => case.error = Some(message.clone()),
            CaseOutcome::Skipped(reason) => case.reason = Some(reason),
            CaseOutcome::Snapshot(snapshot) => {
                case.error = snapshot.failure();
                case.changes = Some(snapshot.changes());
            }
        }
        case
    }
}

impl<'r> Decision<'r> {
    fn of(answer: &'r Answer) -> Self {
        let decision = &answer.decision;
        Self {
            decision: decision.verdict(),
            by: decision.by.as_ref(),
            reason: decision.reason.as_str(),
        }
    }
}
