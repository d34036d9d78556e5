//! One JSON document, of the schema `harness/cli/schema/test.schema.json`.

mod diagnosis;

use anyhow::{Context, Result};
use peerwarden_documents::diagnostic::Diagnostic;
use peerwarden_traffic::{Answer, RuleRef};
use schemars::JsonSchema;
use serde::Serialize;

use super::{CaseOutcome, CaseResult, SuiteResult};
use crate::coverage;
use crate::snapshot::Change;

/// The result of a run.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Report<'r> {
    /// The module that was run; null for `--engine native`.
    module: Option<Module<'r>>,
    /// Cases that passed.
    passed: usize,
    /// Cases that failed, and cases without an answer.
    failed: usize,
    /// Cases that were skipped.
    skipped: usize,
    /// Cases that were not run, because an earlier one failed; only with `--fail-fast`.
    #[serde(skip_serializing_if = "is_zero")]
    #[schemars(with = "Option<usize>")]
    not_run: usize,
    /// The suites, in the order of their files.
    suites: Vec<Suite<'r>>,
    /// Errors that prevented suites from running.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Option<Vec<Error<'r>>>")]
    errors: Vec<Error<'r>>,
    /// The coverage of the policies; null if it was not requested.
    coverage: Option<coverage::json::Coverage<'r>>,
    /// How long the parts of the run took.
    timings: Timings,
}

/// An error that prevented a suite from running.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Error<'r> {
    /// What is wrong.
    message: &'r str,
    /// What to write instead, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'r str>,
    /// The file, if it is in one.
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'r str>,
    /// The line, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    /// The column, in characters from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<usize>,
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
    /// Notes although the cases pass: no policy applies to the workload, or no policy can fulfil an expectation, such
    /// as allowing a peer that the handshake refuses.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Option<Vec<String>>")]
    notes: Vec<String>,
}

/// One case, or a snapshot.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Case<'r> {
    /// Its name.
    name: &'r str,
    /// The result; `broken` means no answer, or two that disagree, and `written` is for snapshots.
    #[schemars(extend("enum" = ["passed", "failed", "broken", "skipped", "written"]))]
    outcome: &'static str,
    /// The line of its expectation, from 1.
    line: usize,
    /// The column of its expectation, in characters from 1.
    column: usize,
    /// For a failed case, the expected verdict: `allow`, or `deny by shop/orders[2]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<&'r str>,
    /// The actual decision.
    #[serde(skip_serializing_if = "Option::is_none")]
    got: Option<Decision<'r>>,
    /// For one of the first thousand failed cases, why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<diagnosis::Diagnosis<'r>>,
    /// For a broken case or a snapshot that differs, what is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// For a skipped case, the reason.
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
        not_run: report.not_run,
        errors: report.errors().into_iter().map(Error::of).collect(),
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

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

impl<'r> Error<'r> {
    fn of(error: &'r Diagnostic) -> Self {
        let place = error.place.as_ref();
        let position = place.map(|place| place.source.position(place.span.start));
        Self {
            message: &error.message,
            help: error.help.as_deref(),
            file: place.map(|place| place.source.name.as_str()),
            line: position.map(|(line, _)| line),
            column: position.map(|(_, column)| column),
        }
    }
}

impl<'r> Suite<'r> {
    fn of(suite: &'r SuiteResult) -> Self {
        Self {
            suite: &suite.name,
            cases: suite.cases.iter().map(Case::of).collect(),
            notes: suite.notes.iter().map(Diagnostic::in_lines).collect(),
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
