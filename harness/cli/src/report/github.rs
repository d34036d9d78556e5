//! Annotations of GitHub Actions, one for each failure, then the sum:
//! <https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions>.

use std::fmt::Write;

use super::Report;

// Writing to a `String` cannot fail.
pub(super) fn text(report: &Report) -> String {
    let mut text = String::new();
    for suite in &report.suites {
        for case in &suite.cases {
            if let Some(failure) = case.outcome.failure() {
                let (line, column) = case.place.source.position(case.place.span.start);
                let (file, title) = (property(&suite.name), property(&case.name));
                let _ = writeln!(
                    text,
                    "::error file={file},line={line},col={column},title={title}::{}",
                    data(&failure)
                );
            }
        }
    }
    let counts = report.counts();
    let _ = writeln!(
        text,
        "{} passed, {} failed, {} skipped",
        counts.passed, counts.failed, counts.skipped
    );
    text
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
