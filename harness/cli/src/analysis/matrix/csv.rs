//! CSV, for spreadsheets.

use super::super::words;
use super::Matrix;

/// A line for each cell, so that lines do not change when a caller or an operation is added. The last field is what else is to be known,
/// as that the handshake refuses the caller; usually it is empty.
pub(crate) fn text(matrices: &[Matrix]) -> String {
    let mut text = "workload,protocol,caller,operation,verdict,remark\r\n".to_owned();
    for matrix in matrices {
        let workload = words::workload(&matrix.workload);
        for row in &matrix.rows {
            for (caller, cell) in matrix.callers.iter().zip(&row.cells) {
                let remark = matrix.remarks(caller, cell).join("; ");
                let fields = [
                    &workload,
                    matrix.protocol.as_str(),
                    &caller.name,
                    &row.operation,
                    cell.verdict.as_str(),
                    &remark,
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
