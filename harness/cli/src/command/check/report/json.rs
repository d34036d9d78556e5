//! One JSON document.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::super::checked::Checked;
use crate::diagnostic::{Diagnostic, Severity};
use crate::source::Place;

pub(super) fn text(checked: &Checked) -> Result<String> {
    let document = json!({
        "documents": checked.documents,
        "suites": checked.suites,
        "errors": checked.count(Severity::Error),
        "warnings": checked.count(Severity::Warning),
        "excluded": checked.excluded,
        "findings": checked.findings.iter().map(finding).collect::<Vec<_>>(),
        "suppressed": checked.suppressed.iter().map(suppressed).collect::<Vec<_>>(),
    });
    let text = serde_json::to_string_pretty(&document).context("the report cannot be written as JSON")?;
    Ok(text + "\n")
}

fn finding(finding: &Diagnostic) -> Value {
    let related = finding.details.related.iter();
    let related = related.map(|(other, what)| json!({"what": what, "place": place(other)}));
    json!({
        "code": finding.code,
        "severity": finding.severity.as_str(),
        "message": finding.message,
        "place": finding.place.as_ref().map(place),
        "help": finding.help,
        "notes": finding.details.notes,
        "related": related.collect::<Vec<_>>(),
        "fixable": finding.details.fix.is_some(),
    })
}

fn suppressed((of, reason): &(Diagnostic, String)) -> Value {
    let mut value = finding(of);
    value["reason"] = json!(reason);
    value
}

fn place(place: &Place) -> Value {
    let (line, column) = place.source.position(place.span.start);
    let (end_line, end_column) = place.source.position(place.span.end);
    json!({
        "file": place.source.name,
        "line": line,
        "column": column,
        "endLine": end_line,
        "endColumn": end_column,
    })
}
