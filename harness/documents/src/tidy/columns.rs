//! Aligns the tables of suites: `requests` and each row of `expect` become columns, if each is written in brackets on
//! one line.

use std::ops::Range;
use std::sync::Arc;

use super::edit;
use crate::diagnostic::Diagnostic;
use crate::source::Source;
use crate::yaml::{self, Node};

/// A row: the columns before its bracket, the bytes in its brackets, and the text of each value.
struct Row<'t> {
    indent: usize,
    gap: Range<usize>,
    values: Vec<&'t str>,
    place: Range<usize>,
}

pub(super) fn run(source: &Arc<Source>) -> Result<String, Diagnostic> {
    let mut edits = Vec::new();
    for suite in yaml::documents(source)? {
        for table in suite.get("matrix").and_then(Node::as_list).unwrap_or_default() {
            edits.extend(columns(table, &source.text).unwrap_or_default());
        }
    }
    Ok(edit::replace(&source.text, edits))
}

/// The edits that align a table; `None` if it is not written as one.
fn columns(table: &Node, text: &str) -> Option<Vec<(Range<usize>, String)>> {
    let expect = table.get("expect")?;
    let lists =
        std::iter::once(table.get("requests")?).chain(expect.entries().iter().map(|entry| &entry.value));
    let lists: Vec<&Node> = lists.collect();
    let lines = lists
        .windows(2)
        .map(|pair| (pair[0].location.line(), pair[1].location.line()));
    if lines.into_iter().any(|(one, next)| one == next) {
        return None;
    }
    let rows: Vec<Row<'_>> = lists
        .into_iter()
        .map(|list| row(list, text))
        .collect::<Option<_>>()?;
    let width = |value: &str| value.chars().count();
    let indent = rows.iter().map(|row| row.indent).max()?;
    let count = rows.iter().map(|row| row.values.len()).max()?;
    let widths: Vec<usize> = (0..count)
        .map(|index| {
            let cells = rows.iter().filter_map(|row| row.values.get(index));
            cells.map(|value| width(value)).max().unwrap_or(0)
        })
        .collect();
    let mut edits = Vec::new();
    for row in rows {
        edits.push((row.gap, " ".repeat(indent - row.indent + 1)));
        let mut cells = String::new();
        let last = row.values.len().saturating_sub(1);
        for (index, value) in row.values.iter().enumerate() {
            cells.push_str(value);
            if index < last {
                cells.push(',');
                cells.push_str(&" ".repeat(widths[index] - width(value) + 1));
            }
        }
        edits.push((row.place, cells));
    }
    Some(edits)
}

/// A list such as `name: [a, b]`, alone on its line.
fn row<'t>(list: &Node, text: &'t str) -> Option<Row<'t>> {
    let items = list.as_list()?;
    let open = yaml::span(&list.location, text).start;
    let begin = text[..open].rfind('\n').map_or(0, |newline| newline + 1);
    let line = &text[begin..];
    let line = line.lines().next()?;
    let before = line.get(..open - begin)?;
    let inside = line
        .get(open - begin..)?
        .trim_end()
        .strip_prefix('[')?
        .strip_suffix(']')?;
    let key = before.trim_end();
    if !key.ends_with(':') {
        return None;
    }
    let mut values = Vec::new();
    for item in items {
        let place = yaml::span(&item.location, text);
        if place.end > open + 1 + inside.len() {
            return None;
        }
        values.push(&text[place]);
    }
    // Nothing else may be in the brackets, such as a comment. Anything may follow them; it is ignored.
    let written = |text: &'t str| text.chars().filter(|ch| *ch != ' ');
    let mut rest = written(inside);
    for (index, value) in values.iter().enumerate() {
        if index > 0 && rest.next() != Some(',') || written(value).any(|ch| rest.next() != Some(ch)) {
            return None;
        }
    }
    if rest.next().is_some() {
        return None;
    }
    Some(Row {
        indent: key.chars().count(),
        gap: begin + key.len()..open,
        values,
        place: open + 1..open + 1 + inside.len(),
    })
}
