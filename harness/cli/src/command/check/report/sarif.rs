//! SARIF: a rule for each lint, a result for each finding.

use anyhow::Result;
use peerwarden_documents::diagnostic::Diagnostic;
use peerwarden_documents::sarif::{self, Level, Rule};
use peerwarden_lint::{LINTS, Lint};

use super::super::result::CheckResult;

/// The rule for invalid input.
const INVALID: &str = "invalid";

pub(super) fn text(checked: &CheckResult) -> Result<String> {
    let invalid = Rule::new(INVALID, "invalid", "what the module would refuse", Level::Error);
    let of_lint =
        |lint: &&Lint| Rule::new(lint.code, lint.name, lint.summary, lint.severity.into()).help(lint.page);
    let rules: Vec<Rule> = std::iter::once(invalid)
        .chain(LINTS.iter().map(of_lint))
        .collect();
    let suppressed = checked.suppressed.iter();
    let suppressed = suppressed.map(|(finding, reason)| result(finding).suppressed(reason));
    sarif::log(
        &rules,
        checked.findings.iter().map(result).chain(suppressed).collect(),
    )
}

fn result(finding: &Diagnostic) -> sarif::Result {
    let rule = finding.code.unwrap_or(INVALID);
    let mut result = sarif::Result::new(rule, finding.severity.into(), finding.in_lines());
    if let Some(place) = &finding.place {
        result = result.at(place);
    }
    for (place, what) in &finding.details.related {
        result = result.also(place, what);
    }
    result
}
