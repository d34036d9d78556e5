//! For terminals of 80 columns, and CSV.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};
use peerwarden_documents::shown::visible;
use peerwarden_documents::wrap::wrapped;

use super::super::words;
use super::{CellVerdict, Matrix};

const GREEN: Style = AnsiColor::Green.on_default();
const RED: Style = AnsiColor::Red.on_default();
const YELLOW: Style = AnsiColor::Yellow.on_default();
const DIM: Style = Style::new().dimmed();
const BOLD: Style = Style::new().bold();

/// The longest operation that is shown whole beside its cells.
const OPERATION: usize = 44;

/// Of whom callers that the policies tell apart say nothing.
pub(super) const LEFT_OUT: &str = "other certificates with names that Istio does not issue are left out";

fn coloured(verdict: CellVerdict) -> String {
    let style = match verdict {
        CellVerdict::Allow => GREEN,
        CellVerdict::Deny => RED,
        CellVerdict::Depends => YELLOW,
        CellVerdict::Impossible => DIM,
    };
    format!("{style}{}{style:#}", verdict.mark())
}

/// The whole text. Writing to a `String` cannot fail.
pub(crate) fn text(matrices: &[Matrix]) -> String {
    let mut text = String::new();
    for matrix in matrices {
        let protocol = matrix.protocol.as_str().to_uppercase();
        let _ = writeln!(
            text,
            "{BOLD}{}{BOLD:#} {DIM}{protocol}{DIM:#}\n",
            words::workload(&matrix.workload)
        );
        for (number, caller) in matrix.callers.iter().enumerate() {
            let _ = writeln!(
                text,
                "  {BOLD}{:>3}{BOLD:#}  {}",
                number + 1,
                wrapped(&visible(caller), 7)
            );
        }
        let operations: Vec<String> = matrix.rows.iter().map(|row| visible(&row.operation)).collect();
        let longest = operations.iter().map(|operation| operation.chars().count()).max();
        let width = longest.unwrap_or(0).min(OPERATION);
        // So many callers fit beside the operations; the others follow below.
        let fit = ((78 - width) / 4).max(1);
        let numbers: Vec<usize> = (0..matrix.callers.len()).collect();
        for numbers in numbers.chunks(fit) {
            let heads: String = numbers
                .iter()
                .map(|number| format!("{:>4}", number + 1))
                .collect();
            let _ = writeln!(text, "\n  {:width$}{BOLD}{heads}{BOLD:#}", "");
            for (row, operation) in matrix.rows.iter().zip(&operations) {
                let cells: String = numbers
                    .iter()
                    .map(|number| format!("   {}", coloured(row.cells[*number].verdict)))
                    .collect();
                if operation.chars().count() > width {
                    let _ = writeln!(text, "  {operation}\n  {:width$}{cells}", "");
                } else {
                    let _ = writeln!(text, "  {operation:width$}{cells}");
                }
            }
        }
        text.push('\n');
        for refusal in &matrix.remarks {
            let _ = writeln!(
                text,
                "  {YELLOW}{}{YELLOW:#}\n",
                wrapped(&format!("but {}", visible(refusal)), 2)
            );
        }
    }
    let _ = writeln!(
        text,
        "{} allowed  {} denied  {} depends on more than the table shows",
        coloured(CellVerdict::Allow),
        coloured(CellVerdict::Deny),
        coloured(CellVerdict::Depends)
    );
    if matrices.iter().any(|matrix| matrix.own_callers) {
        let _ = writeln!(text, "{DIM}{LEFT_OUT}{DIM:#}");
    }
    text
}

/// A line for each cell: it stays the same when a caller or an operation is added.
pub(crate) fn csv(matrices: &[Matrix]) -> String {
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

/// A field of CSV (RFC 4180). What spreadsheets would take for a formula gets an apostrophe.
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
