//! Annotations of GitHub Actions, one for each finding, then the sum.

use peerwarden_documents::diagnostic::Diagnostic;
use peerwarden_documents::github;

use super::super::result::CheckResult;

pub(super) fn text(checked: &CheckResult) -> String {
    let lines: String = checked.findings.iter().map(annotation).collect();
    lines + &super::sum(checked)
}

fn annotation(finding: &Diagnostic) -> String {
    github::annotation(
        finding.severity.as_str(),
        finding.place.as_ref(),
        finding.code.unwrap_or("invalid"),
        &finding.in_lines(),
    )
}
