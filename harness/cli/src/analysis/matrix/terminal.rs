//! For terminals of 80 columns.

use std::fmt::Write;

use peerwarden_documents::colours::{BOLD, DIM, GREEN, RED, YELLOW};
use peerwarden_documents::shown::visible;
use peerwarden_documents::wrap::wrapped;

use super::super::words;
use super::{CellVerdict, Matrix};

/// The longest operation that is shown completely beside its cells.
const OPERATION: usize = 44;

/// A note on the peers that are not among the callers.
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
                wrapped(&visible(&caller.name), 7)
            );
        }
        let operations: Vec<String> = matrix.rows.iter().map(|row| visible(&row.operation)).collect();
        let longest = operations.iter().map(|operation| operation.chars().count()).max();
        let width = longest.unwrap_or(0).min(OPERATION);
        // The number of callers that fit beside the operations; the others follow below.
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
        "{} all allowed  {} all denied  {} some allowed, some denied",
        coloured(CellVerdict::Allow),
        coloured(CellVerdict::Deny),
        coloured(CellVerdict::Depends)
    );
    if matrices.iter().any(|matrix| matrix.own_callers) {
        let _ = writeln!(text, "{DIM}{LEFT_OUT}{DIM:#}");
    }
    text
}
