//! An image: operations as rows, callers as columns with slanted names.

use std::fmt::Write;

use super::super::words;
use super::html::{escaped, examples};
use super::terminal::LEFT_OUT;
use super::{CellVerdict, Matrix};

/// Sizes in pixels: of a cell, of a letter of the labels, and of the gap between tables.
const CELL: usize = 26;
const LETTER: usize = 8;
const GAP: usize = 36;

/// The longest label, in letters; a longer one is cut, and hovering shows all of it.
const LABEL: usize = 48;

fn colours(verdict: CellVerdict) -> (&'static str, &'static str) {
    match verdict {
        CellVerdict::Allow => ("#2da44e", "#ffffff"),
        CellVerdict::Deny => ("#ffdcd7", "#a40e26"),
        CellVerdict::Depends => ("#eac54f", "#4d2d00"),
        CellVerdict::Impossible => ("#eaeef2", "#8c959f"),
    }
}

/// The whole picture. Writing to a `String` cannot fail.
pub(crate) fn text(matrices: &[Matrix]) -> String {
    let mut body = String::new();
    let (mut width, mut top) = (420, 16);
    for matrix in matrices {
        let (right, bottom) = table(&mut body, matrix, top);
        width = width.max(right);
        top = bottom + GAP;
    }
    let mut x = 16;
    for (verdict, meaning) in [
        (CellVerdict::Allow, "all allowed"),
        (CellVerdict::Deny, "all denied"),
        (CellVerdict::Depends, "some of each"),
    ] {
        square(&mut body, x, top, verdict, "");
        let _ = writeln!(
            body,
            "<text x=\"{}\" y=\"{}\">{meaning}</text>",
            x + CELL + 6,
            top + 17
        );
        x += CELL + 6 + meaning.len() * LETTER + 20;
    }
    if matrices.iter().any(|matrix| matrix.own_callers) {
        top += CELL + 16;
        let _ = writeln!(body, "<text x=\"16\" y=\"{}\">{LEFT_OUT}</text>", top + 4);
        width = width.max(32 + LEFT_OUT.len() * LETTER);
    }
    let height = top + CELL + 16;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"ui-monospace,monospace\" font-size=\"12\" fill=\"#1f2328\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n{body}</svg>\n"
    )
}

/// Draws a table from `top` on, and returns its right and its lower edge.
fn table(body: &mut String, matrix: &Matrix, top: usize) -> (usize, usize) {
    let title = format!(
        "{} {}",
        words::workload(&matrix.workload),
        matrix.protocol.as_str().to_uppercase()
    );
    let _ = writeln!(
        body,
        "<text x=\"16\" y=\"{}\" font-size=\"15\" font-weight=\"bold\">{}</text>",
        top + 14,
        escaped(&title)
    );
    let longest = |texts: &mut dyn Iterator<Item = &String>| {
        texts
            .map(|text| text.chars().count().min(LABEL))
            .max()
            .unwrap_or(0)
            * LETTER
    };
    let left = 16 + longest(&mut matrix.rows.iter().map(|row| &row.operation)) + 12;
    // A label that is slanted by 45 degrees is as high and as wide as 0.71 of its length.
    let slant = longest(&mut matrix.callers.iter().map(|caller| &caller.name)) * 71 / 100 + 12;
    let first = top + 24 + slant;
    for (number, caller) in matrix.callers.iter().enumerate() {
        let (x, y) = (left + number * CELL + CELL / 2 + 4, first - 6);
        let _ = writeln!(
            body,
            "<text transform=\"translate({x} {y}) rotate(-45)\">{}<title>{}</title></text>",
            escaped(&cut(&caller.name)),
            escaped(&caller.name)
        );
    }
    for (line, row) in matrix.rows.iter().enumerate() {
        let y = first + line * CELL;
        let _ = writeln!(
            body,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}<title>{}</title></text>",
            left - 10,
            y + 17,
            escaped(&cut(&row.operation)),
            escaped(&row.operation)
        );
        for (number, cell) in row.cells.iter().enumerate() {
            square(body, left + number * CELL, y, cell.verdict, &examples(cell));
        }
    }
    let mut right = left + matrix.callers.len() * CELL + slant + 16;
    let mut bottom = first + matrix.rows.len() * CELL;
    for remark in &matrix.remarks {
        let _ = writeln!(
            body,
            "<text x=\"16\" y=\"{}\">but {}</text>",
            bottom + 17,
            escaped(remark)
        );
        right = right.max(64 + remark.chars().count() * LETTER);
        bottom += CELL;
    }
    let title = 32 + title.chars().count() * 9;
    (right.max(title), bottom)
}

fn square(body: &mut String, x: usize, y: usize, verdict: CellVerdict, title: &str) {
    let (fill, ink) = colours(verdict);
    let side = CELL - 2;
    let _ = write!(
        body,
        "<g><rect x=\"{x}\" y=\"{y}\" width=\"{side}\" height=\"{side}\" rx=\"4\" fill=\"{fill}\"/>"
    );
    let _ = write!(
        body,
        "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\" fill=\"{ink}\">{}</text>",
        x + side / 2,
        y + 16,
        verdict.mark()
    );
    if title.is_empty() {
        body.push_str("</g>\n");
    } else {
        let _ = writeln!(body, "<title>{}</title></g>", escaped(title));
    }
}

fn cut(text: &str) -> String {
    if text.chars().count() <= LABEL {
        return text.to_owned();
    }
    let start: String = text.chars().take(LABEL - 1).collect();
    format!("{start}…")
}
