//! CSV, for spreadsheets.

use super::super::words;
use super::Matrix;

/// A line for each cell, so that lines do not change when a caller or an operation is added.
pub(crate) fn text(matrices: &[Matrix]) -> String {
    let mut text = "workload,protocol,caller,operation,verdict\r\n".to_owned();
    for matrix in matrices {
        let workload = words::workload(&matrix.workload);
        for row in &matrix.rows {
            for (caller, cell) in matrix.callers.iter().zip(&row.cells) {
                let fields = [
                    &workload,
                    matrix.protocol.as_str(),
                    caller,
                    &row.operation,
                    cell.verdict.as_str(),
                ];
                let fields: Vec<String> = fields.iter().map(|field| quoted(field)).collect();
                text.push_str(&fields.join(","));
                text.push_str("\r\n");
            }
        }
    }
    text
}

/// A field of CSV (RFC 4180). A value that a spreadsheet might run as a formula gets an apostrophe.
fn quoted(field: &str) -> String {
    let formula = if field.starts_with(['=', '+', '-', '@', '\t']) {
        "'"
    } else {
        ""
    };
    if field.contains([',', '"', '\r', '\n']) || !formula.is_empty() {
        format!("\"{formula}{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}
