//! Annotations of GitHub Actions: one for each failure and for each gap in coverage, then the totals.

use std::fmt::Write;

use peerwarden_documents::github;

use super::Report;
use crate::coverage::Coverage;

// Writing to a `String` cannot fail.
pub(super) fn text(report: &Report) -> String {
    let mut text = String::new();
    for error in report.errors() {
        let place = error.place.as_ref();
        text.push_str(&github::annotation(
            "error",
            place,
            "cannot run",
            &error.in_lines(),
        ));
    }
    for suite in &report.suites {
        for note in &suite.notes {
            let place = note.place.as_ref();
            text.push_str(&github::annotation("warning", place, "note", &note.in_lines()));
        }
        for case in &suite.cases {
            if let Some(failure) = case.outcome.failure() {
                let mut lines = vec![failure];
                lines.extend(case.outcome.reasons());
                text.push_str(&github::annotation(
                    "error",
                    Some(&case.place),
                    &case.name,
                    &lines.join("\n"),
                ));
            }
        }
    }
    for (place, gap) in report.coverage.iter().flat_map(Coverage::gaps) {
        text.push_str(&github::annotation("notice", Some(&place), "coverage", &gap));
    }
    if let Some(lacking) = report.lacking() {
        text.push_str(&github::annotation("error", None, "coverage", &lacking));
    }
    let counts = report.counts();
    let _ = write!(
        text,
        "{} passed, {} failed, {} skipped",
        counts.passed, counts.failed, counts.skipped
    );
    if report.not_run > 0 {
        let _ = write!(text, ", {} not run", report.not_run);
    }
    text.push('\n');
    text
}
