//! Test Anything Protocol 14: <https://testanything.org/tap-version-14-specification.html>.

use std::fmt::Write;

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
    let _ = writeln!(text, "1..{}", cases().count());
    for (number, (suite, case)) in cases().enumerate() {
        let not = if case.outcome.failure().is_some() {
            "not "
        } else {
            ""
        };
        let name = escaped(&format!("{}: {}", suite.name, case.name));
        let _ = write!(text, "{not}ok {} - {name}", number + 1);
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
