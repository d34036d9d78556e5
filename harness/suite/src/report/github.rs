//! Annotations of GitHub Actions: one for each failure and for each gap in coverage, then the totals.

use std::fmt::Write;

use peerwarden_documents::github;

use super::Report;
use crate::coverage::Coverage;

// Writing to a `String` cannot fail.
pub(super) fn text(report: &Report) -> String {
    let mut text = String::new();
    for suite in &report.suites {
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
    let _ = writeln!(
        text,
        "{} passed, {} failed, {} skipped",
        counts.passed, counts.failed, counts.skipped
    );
    text
}
