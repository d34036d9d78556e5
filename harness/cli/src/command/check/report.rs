//! Reports findings in several formats.

mod github;
mod json;
mod passed_over;
mod sarif;

pub(crate) use json::Report as JsonReport;

use anyhow::Result;
use clap::ValueEnum;
use peerwarden_documents::count;
use peerwarden_documents::diagnostic::{self, Severity};
use peerwarden_documents::notes;
use peerwarden_documents::output;
use peerwarden_documents::remark::remark;
use peerwarden_documents::shown::visible;

use super::result::CheckResult;

/// The format of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum FindingFormat {
    /// For people.
    Human,
    /// One JSON document.
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// Annotations for GitHub Actions.
    Github,
}

/// Prints findings to standard output; for people, remarks about the run to standard error. `fixed` is the number of
/// fixes. With `verbose`, each skipped file is listed.
pub(super) fn print(
    checked: &CheckResult,
    format: FindingFormat,
    fixed: Option<usize>,
    verbose: bool,
) -> Result<()> {
    let text = match format {
        FindingFormat::Human => {
            let findings = diagnostic::rendered(&checked.findings);
            output::print(&findings.map(|finding| finding + "\n\n").collect::<String>())?;
            notes::print(&notes::about(&checked.passed_over, checked.of_default));
            notes::print(&checked.notes);
            passed_over::print(&checked.passed_over, verbose);
            for unproved in &checked.unproved {
                remark(&format!(
                    "note: PW012, PW013 and PW014 say nothing about {}",
                    visible(unproved)
                ));
            }
            remark(&(sum(checked) + &fixes(checked, fixed)));
            return Ok(());
        }
        FindingFormat::Json => json::text(checked)?,
        FindingFormat::Sarif => sarif::text(checked)?,
        FindingFormat::Github => github::text(checked),
    };
    output::print(&text)
}

fn counted(number: usize, what: &str) -> String {
    count::counted(number as u64, what)
}

/// One line with all the numbers.
fn sum(checked: &CheckResult) -> String {
    let mut sum = format!(
        "{} and {} checked: {}, {}",
        counted(checked.documents, "document"),
        counted(checked.suites, "suite"),
        counted(checked.count(Severity::Error), "error"),
        counted(checked.count(Severity::Warning), "warning"),
    );
    if !checked.suppressed.is_empty() {
        sum.push_str(&format!(", {} suppressed", checked.suppressed.len()));
    }
    if let Some(passed_over) = passed_over::sum(&checked.passed_over) {
        sum.push_str(&format!("; {passed_over}"));
    }
    if checked.excluded > 0 {
        sum.push_str(&format!("; {} excluded", counted(checked.excluded, "file")));
    }
    sum
}

/// A line about fixes, if there are any.
fn fixes(checked: &CheckResult, fixed: Option<usize>) -> String {
    let open = checked
        .findings
        .iter()
        .filter(|finding| finding.details.fix.is_some())
        .count();
    match (fixed, open) {
        (Some(fixed), 0) => format!("\n{} applied", counted(fixed, "fix")),
        (Some(fixed), open) => format!(
            "\n{} applied, {open} not: apply them by hand",
            counted(fixed, "fix")
        ),
        (None, 0) => String::new(),
        (None, open) => format!(
            "\n{} can be applied with `--fix`; preview with `--diff`",
            counted(open, "fix")
        ),
    }
}
