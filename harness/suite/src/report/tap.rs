//! Test Anything Protocol 14: <https://testanything.org/tap-version-14-specification.html>.

use std::fmt::Write;

use peerwarden_documents::diagnostic::Diagnostic;

use super::{CaseOutcome, Report};

// Writing to a `String` cannot fail.
pub(super) fn text(report: &Report) -> String {
    let mut text = String::from("TAP version 14\n");
    let cases = || {
        report
            .suites
            .iter()
            .flat_map(|suite| suite.cases.iter().map(move |case| (suite, case)))
    };
    let broken = report.broken.len();
    let _ = writeln!(text, "1..{}", broken + cases().count());
    for (number, suite) in report.broken.iter().enumerate() {
        let name = escaped(if suite.name.is_empty() {
            "peerwarden"
        } else {
            &suite.name
        });
        let wrong: Vec<String> = suite.wrong.iter().map(Diagnostic::in_lines).collect();
        let at = suite
            .wrong
            .iter()
            .find_map(|error| Some(error.place.as_ref()?.label()));
        let (wrong, at) = (serde_json::Value::from(wrong), serde_json::Value::from(at));
        let _ = writeln!(
            text,
            "not ok {} - {name}: cannot run\n  ---\n  message: the suite cannot run\n  why: {wrong}\n  at: {at}\n  ...",
            number + 1
        );
    }
    for note in report.suites.iter().flat_map(|suite| &suite.notes) {
        let _ = writeln!(text, "# note: {}", escaped(&note.in_lines()));
    }
    for (number, (suite, case)) in cases().enumerate() {
        let not = if case.outcome.failure().is_some() {
            "not "
        } else {
            ""
        };
        let name = escaped(&format!("{}: {}", suite.name, case.name));
        let _ = write!(text, "{not}ok {} - {name}", broken + number + 1);
        if let CaseOutcome::Skipped(reason) = &case.outcome {
            let _ = write!(text, " # SKIP {}", escaped(reason));
        }
        text.push('\n');
        if let Some(failure) = case.outcome.failure() {
            // JSON texts are YAML texts.
            let message = serde_json::Value::from(failure);
            let at = serde_json::Value::from(case.place.label());
            let why = serde_json::Value::from(case.outcome.reasons());
            let _ = writeln!(
                text,
                "  ---\n  message: {message}\n  why: {why}\n  at: {at}\n  ..."
            );
        }
    }
    text
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('#', "\\#")
        .replace(['\n', '\r'], " ")
}
