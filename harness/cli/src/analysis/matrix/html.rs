//! A self-contained page, with a table for each workload; hovering over a cell shows an example.

use std::fmt::Write;

use super::super::words;
use super::terminal::LEFT_OUT;
use super::{Cell, Matrix};

const STYLE: &str = "body{font:14px/1.4 system-ui,sans-serif;margin:2rem;color:#1f2328}\
table{border-collapse:collapse;margin:0 0 2rem}\
th,td{border:1px solid #d0d7de;padding:.3rem .6rem}\
th{text-align:left;font-weight:600;background:#f6f8fa}\
thead th{max-width:14rem;overflow-wrap:anywhere;vertical-align:bottom}\
td{text-align:center}\
.allow{background:#dafbe1;color:#116329}.deny{background:#ffebe9;color:#a40e26}\
.depends{background:#fff8c5;color:#7d4e00}.impossible{background:#f6f8fa}";

/// The whole page. Writing to a `String` cannot fail.
pub(crate) fn text(matrices: &[Matrix]) -> String {
    let mut text = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>Who may do what</title>\n<style>{STYLE}</style>\n"
    );
    for matrix in matrices {
        let _ = writeln!(
            text,
            "<h2>{} <small>{}</small></h2>\n<table>\n<thead><tr><th></th>",
            escaped(&words::workload(&matrix.workload)),
            matrix.protocol.as_str().to_uppercase()
        );
        for caller in &matrix.callers {
            let _ = writeln!(text, "<th scope=\"col\">{}</th>", escaped(&caller.name));
        }
        text.push_str("</tr></thead>\n<tbody>\n");
        for row in &matrix.rows {
            let _ = write!(text, "<tr><th scope=\"row\">{}</th>", escaped(&row.operation));
            for cell in &row.cells {
                let verdict = cell.verdict.as_str();
                let _ = write!(
                    text,
                    "<td class=\"{verdict}\" title=\"{}\">{verdict}</td>",
                    escaped(&examples(cell))
                );
            }
            text.push_str("</tr>\n");
        }
        text.push_str("</tbody>\n</table>\n");
        for refusal in &matrix.remarks {
            let _ = writeln!(text, "<p>but {}</p>", escaped(refusal));
        }
    }
    if matrices.iter().any(|matrix| matrix.own_callers) {
        let _ = writeln!(text, "<p>{LEFT_OUT}</p>");
    }
    text.push_str("</html>\n");
    text
}

/// The examples for a cell.
pub(super) fn examples(cell: &Cell) -> String {
    let named = [("allowed", &cell.allowed), ("denied", &cell.denied)];
    let examples = named
        .iter()
        .filter_map(|(word, traffic)| Some(format!("{word}: {}", words::traffic(traffic.as_ref()?))));
    examples.collect::<Vec<_>>().join("; ")
}

/// A text with its markup escaped.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for ch in text.chars() {
        match ch {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            // XML has no other control characters.
            ch if ch.is_control() => escaped.push('\u{fffd}'),
            ch => escaped.push(ch),
        }
    }
    escaped
}
