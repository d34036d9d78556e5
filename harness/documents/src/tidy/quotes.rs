//! Removes unneeded quotes, where the value is a string without them too, in YAML 1.1 and 1.2. In a list, quotes are
//! removed from all values or from none.

use std::ops::Range;
use std::sync::Arc;

use super::edit;
use crate::diagnostic::Diagnostic;
use crate::source::Source;
use crate::yaml::{self, Node, Tree};

/// Words that some YAML parsers do not read as strings.
const WORDS: [&str; 11] = [
    "y", "n", "yes", "no", "on", "off", "true", "false", "null", "inf", "nan",
];

pub(super) fn run(source: &Arc<Source>) -> Result<String, Diagnostic> {
    let mut edits = Vec::new();
    for document in yaml::documents(source)? {
        visit(&document, &source.text, &mut edits);
    }
    Ok(edit::replace(&source.text, edits))
}

fn visit(node: &Node, text: &str, edits: &mut Vec<(Range<usize>, String)>) {
    match &node.tree {
        Tree::Null | Tree::Bool(_) | Tree::Number(_) | Tree::String(_) => {}
        Tree::List(items) => {
            let quoted = items
                .iter()
                .filter_map(|item| Some((yaml::span(&item.location, text), item.as_str()?)))
                .filter(|(place, _)| is_quoted(&text[place.clone()]));
            let plain: Option<Vec<_>> = quoted
                .map(|(place, value)| unquoted(&text[place.clone()], value).map(|new| (place, new)))
                .collect();
            edits.extend(plain.unwrap_or_default());
            for item in items {
                visit(item, text, edits);
            }
        }
        Tree::Object(entries) => {
            for entry in entries {
                let name = yaml::span(&entry.name_location, text);
                let new = unquoted(&text[name.clone()], &entry.name);
                edits.extend(new.map(|new| (name, new)));
                if let Some(value) = entry.value.as_str() {
                    let place = yaml::span(&entry.value.location, text);
                    let new = unquoted(&text[place.clone()], value);
                    edits.extend(new.map(|new| (place, new)));
                }
                visit(&entry.value, text, edits);
            }
        }
    }
}

fn is_quoted(written: &str) -> bool {
    written.starts_with(['"', '\''])
}

/// The value without quotes, if it is quoted on one line and need not be.
fn unquoted(written: &str, value: &str) -> Option<String> {
    let inside = written
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .or_else(|| {
            written
                .strip_prefix('\'')
                .and_then(|rest| rest.strip_suffix('\''))
        })?;
    (inside == value && is_plain(value)).then(|| value.to_owned())
}

/// Whether every parser reads the text as this string, in a list in brackets too. If in doubt, no.
fn is_plain(value: &str) -> bool {
    let begins = value.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '/');
    let ends = value
        .ends_with(|last: char| last.is_ascii_alphanumeric() || matches!(last, '/' | '*' | '.' | '-' | '_'));
    let within =
        |ch: char| ch.is_ascii_alphanumeric() || matches!(ch, '/' | '.' | '-' | '_' | ':' | '*' | ' ');
    let words = !value.contains("  ") && !value.contains(": ");
    begins && ends && words && value.chars().all(within) && !is_word(value) && !is_number(value)
}

fn is_word(value: &str) -> bool {
    WORDS.contains(&value.to_ascii_lowercase().as_str())
}

/// Whether it could be a number or a time, in any base.
fn is_number(value: &str) -> bool {
    value.starts_with(|first: char| first.is_ascii_digit())
        && value.chars().all(|ch| {
            ch.is_ascii_hexdigit()
                || matches!(
                    ch,
                    '.' | '_' | ':' | '-' | ' ' | 'x' | 'o' | 'T' | 't' | 'Z' | 'z'
                )
        })
}
