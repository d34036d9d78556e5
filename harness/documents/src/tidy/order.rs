//! Sorts the keys of a Kubernetes document: `apiVersion`, `kind`, `metadata`, `spec`, then any others.

use std::ops::Range;
use std::sync::Arc;

use super::{edit, layout};
use crate::diagnostic::Diagnostic;
use crate::source::Source;
use crate::yaml::{self, Node};

const ORDER: [&str; 4] = ["apiVersion", "kind", "metadata", "spec"];

pub(super) fn run(source: &Arc<Source>) -> Result<String, Diagnostic> {
    let mut edits = Vec::new();
    for document in yaml::documents(source)? {
        if document.get("apiVersion").is_some() && document.get("kind").is_some() {
            edits.extend(ordered(&document, &source.text));
        }
    }
    if edits.is_empty() {
        return Ok(source.text.clone());
    }
    let text = edit::replace(&source.text, edits);
    layout::run(&Source::new(source.name.clone(), text))
}

/// The sorted entries of a document, each with the comments above it; `None` if they are sorted already, or if it is
/// not written as a block.
fn ordered(document: &Node, text: &str) -> Option<(Range<usize>, String)> {
    let mut starts = Vec::new();
    for entry in document.entries() {
        let key = yaml::span(&entry.name_location, text).start;
        let line = line_start(text, key);
        if line != key || starts.last().is_some_and(|(_, last)| *last >= line) {
            return None;
        }
        starts.push((rank(&entry.name), line));
    }
    if starts.is_sorted_by_key(|(rank, _)| *rank) {
        return None;
    }
    // A comment above the first entry is about the document, and stays where it is.
    for index in 1..starts.len() {
        let previous = starts[index - 1].1;
        starts[index].1 = with_comments(text, starts[index].1, previous);
    }
    let first = starts.first()?.1;
    let end = document_end(text, starts.last()?.1);
    let mut parts: Vec<(usize, &str)> = Vec::new();
    for (index, (rank, start)) in starts.iter().enumerate() {
        let next = starts.get(index + 1).map_or(end, |(_, start)| *start);
        parts.push((*rank, text.get(*start..next)?));
    }
    parts.sort_by_key(|(rank, _)| *rank);
    let lines = parts.iter().map(|(_, part)| part.trim_end());
    let mut together = lines.collect::<Vec<_>>().join("\n");
    together.push('\n');
    Some((first..end, together))
}

fn rank(name: &str) -> usize {
    ORDER
        .iter()
        .position(|known| *known == name)
        .unwrap_or(ORDER.len())
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |newline| newline + 1)
}

/// Where the comments directly above a line begin, if they have no indentation, but not above `floor`.
fn with_comments(text: &str, line: usize, floor: usize) -> usize {
    let mut start = line;
    while start > floor {
        let above = line_start(text, start - 1);
        if above <= floor || !text[above..].starts_with('#') {
            break;
        }
        start = above;
    }
    start
}

/// The next document's separator after `from`, or the end.
fn document_end(text: &str, from: usize) -> usize {
    let mut at = from;
    for line in text[from..].split_inclusive('\n') {
        if ["---", "..."].contains(&line.trim_end()) || line.starts_with("--- ") {
            return at;
        }
        at += line.len();
    }
    text.len()
}
