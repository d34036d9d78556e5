//! The file of a snapshot: a heading, and a row for each cell.

use std::fmt::Write;
use std::ops::Range;

use peerwarden_traffic::{Answer, Decision};

use crate::cells::Cell;

/// The first line, which marks a file as written by this command.
const HEAD: &str = "<!-- Written by `peerwarden test --update-snapshots`. -->";

/// The heading of the table.
const COLUMNS: &str = "| peer | request | verdict | decided by |\n|---|---|---|---|";

/// Stands for the verdict if the traffic is impossible.
const IMPOSSIBLE: &str = "-";

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) peer: String,
    pub(super) request: String,
    verdict: String,
    by: String,
    /// Its byte range in the file; empty for a new row.
    pub(super) span: Range<usize>,
}

impl Row {
    pub(super) fn of(cell: &Cell, answer: Option<&Answer>) -> Self {
        let (verdict, by) = match (&cell.traffic, answer) {
            (Err(why), _) => (IMPOSSIBLE, why.clone()),
            (Ok(_), Some(answer)) => (answer.decision.verdict(), by(&answer.decision)),
            (Ok(_), None) => (IMPOSSIBLE, "not asked".to_owned()),
        };
        Self {
            peer: cell.peer.clone(),
            request: cell.request.clone(),
            verdict: verdict.to_owned(),
            by,
            span: 0..0,
        }
    }

    /// Whether both rows have the same peer and request.
    pub(super) fn is_of(&self, other: &Self) -> bool {
        (&self.peer, &self.request) == (&other.peer, &other.request)
    }

    /// `deny by shop/orders[0]`, or `deny: no-allow-rule-matched`.
    pub(super) fn decision(&self) -> String {
        if self.verdict == IMPOSSIBLE {
            return format!("cannot be: {}", self.by);
        }
        let between = if self.by.contains('/') { " by " } else { ": " };
        format!("{}{between}{}", self.verdict, self.by)
    }
}

/// The rule or the mode that decided, or else the reason.
fn by(decided: &Decision) -> String {
    match &decided.by {
        Some(by) => by.to_string(),
        None => decided.reason.as_str().to_owned(),
    }
}

/// The whole file. Writing to a `String` cannot fail.
pub(super) fn text(suite: &str, rows: &[Row]) -> String {
    let suite = suite.rsplit('/').next().unwrap_or(suite);
    let mut text = format!("{HEAD}\n\n# Who may do what in {}\n\n{COLUMNS}\n", escaped(suite));
    for row in rows {
        let cells = [&row.peer, &row.request, &row.verdict, &row.by].map(|cell| escaped(cell));
        let _ = writeln!(text, "| {} |", cells.join(" | "));
    }
    text
}

/// The rows of a file; `None` if it is not a snapshot file.
pub(super) fn rows(text: &str) -> Option<Vec<Row>> {
    if !text.starts_with(HEAD) {
        return None;
    }
    let mut rows = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let span = start..start + line.trim_end().len();
        start += line.len();
        let is_row = line.starts_with("| ") && !COLUMNS.contains(line.trim_end());
        if let Some([peer, request, verdict, by]) = is_row.then(|| cells(line)).flatten() {
            rows.push(Row {
                peer,
                request,
                verdict,
                by,
                span,
            });
        }
    }
    Some(rows)
}

/// The cells between the bars of a line.
fn cells(line: &str) -> Option<[String; 4]> {
    let mut cells = Vec::new();
    let mut cell = String::new();
    let mut characters = line.trim_end().strip_prefix("| ")?.strip_suffix(" |")?.chars();
    while let Some(ch) = characters.next() {
        match ch {
            '|' => cells.push(std::mem::take(&mut cell)),
            '\\' => match characters.next()? {
                'n' => cell.push('\n'),
                'r' => cell.push('\r'),
                other => cell.push(other),
            },
            ch => cell.push(ch),
        }
    }
    cells.push(cell);
    let last = cells.len().checked_sub(1)?;
    for (index, cell) in cells.iter_mut().enumerate() {
        // One space on each side of a bar is the table's.
        if index > 0 {
            *cell = cell.strip_prefix(' ')?.to_owned();
        }
        if index < last {
            *cell = cell.strip_suffix(' ')?.to_owned();
        }
    }
    cells.try_into().ok()
}

fn escaped(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('|', "\\|");
    text.replace('\n', "\\n").replace('\r', "\\r")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(peer: &str, request: &str) -> Row {
        Row {
            peer: peer.to_owned(),
            request: request.to_owned(),
            verdict: "deny".to_owned(),
            by: "shop/orders[0]".to_owned(),
            span: 0..0,
        }
    }

    #[test]
    fn reads_what_it_writes() {
        let names = [
            "frontend",
            "a | b",
            " spaces ",
            "back\\slash",
            "\\",
            "|",
            "two\nlines",
            "",
            "`code`",
        ];
        let written: Vec<Row> = names
            .iter()
            .flat_map(|peer| names.map(|request| row(peer, request)))
            .collect();
        let text = text("shop/orders_test.yaml", &written);
        let read = rows(&text).unwrap();
        assert_eq!(read.len(), written.len());
        for (read, written) in read.iter().zip(&written) {
            assert!(
                read.is_of(written) && read.decision() == written.decision(),
                "{read:?} {written:?}"
            );
            assert!(text[read.span.clone()].starts_with("| ") && text[read.span.clone()].ends_with(" |"));
        }
    }

    #[test]
    fn another_file_is_none_of_ours() {
        assert_eq!(
            rows("# Notes\n\n| peer | request | verdict | decided by |\n"),
            None
        );
        assert_eq!(rows(""), None);
    }
}
