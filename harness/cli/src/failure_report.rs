//! Why a command has no result, in the format that was asked for: what reads standard output finds the errors there too.

use peerwarden_documents::diagnostic::Diagnostic;
use peerwarden_documents::sarif::{Level, Rule};
use peerwarden_documents::{github, output, sarif};
use schemars::JsonSchema;
use serde::Serialize;

use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::finding_report::Finding;

/// What is printed instead of the result if there is none.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FailureReport<'e> {
    /// What is wrong.
    errors: Vec<Finding<'e>>,
}

/// The result, or why there is none.
#[derive(Debug, JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "for the schema")]
pub(crate) enum ReportOrFailure<T> {
    /// The result.
    Report(T),
    /// Why there is none.
    Failure(FailureReport<'static>),
}

/// Prints errors to standard output as `write` writes them.
///
/// # Errors
/// That they cannot be written.
pub(crate) fn print(
    error: Error,
    write: impl FnOnce(&[Diagnostic]) -> anyhow::Result<String>,
) -> Result<Exit> {
    let exit = error.exit();
    output::print(&write(&error.diagnostics())?)?;
    Ok(exit)
}

/// One JSON document.
pub(crate) fn json(errors: &[Diagnostic]) -> anyhow::Result<String> {
    let report = FailureReport {
        errors: errors.iter().map(Finding::of).collect(),
    };
    Ok(serde_json::to_string_pretty(&report)? + "\n")
}

/// Annotations of GitHub Actions.
pub(crate) fn annotations(errors: &[Diagnostic]) -> String {
    let annotation = |error: &Diagnostic| {
        github::annotation("error", error.place.as_ref(), "cannot run", &error.in_lines())
    };
    errors.iter().map(annotation).collect()
}

/// SARIF, with one rule.
pub(crate) fn sarif(errors: &[Diagnostic]) -> anyhow::Result<String> {
    const INVALID: &str = "invalid";
    let rule = Rule::new(
        INVALID,
        INVALID,
        "what keeps the command from running",
        Level::Error,
    );
    let result = |error: &Diagnostic| {
        let result = sarif::Result::new(INVALID, Level::Error, error.in_lines());
        match &error.place {
            Some(place) => result.at(place),
            None => result,
        }
    };
    sarif::log(&[rule], errors.iter().map(result).collect())
}
