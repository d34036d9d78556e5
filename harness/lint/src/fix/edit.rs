//! Turns a change of a document into an edit of its text.

use std::ops::Range;

use peerwarden_documents::fix::{Change, ValueChange};
use peerwarden_documents::yaml::Node;

/// A range of a text, and its replacement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Edit {
    pub(super) span: Range<usize>,
    pub(super) text: String,
}

/// How a value is placed in its list.
enum Layout<'t> {
    /// `- VALUE`, alone on its line except for a comment: the text before the value, and its line with the line break.
    Line(&'t str, Range<usize>),
    /// Anywhere else, as in `[VALUE, VALUE]`.
    Within,
}

impl Edit {
    /// The edit that makes `change` in the document `root` of `text`; `None` if it is ambiguous.
    pub(super) fn of(change: &Change, root: &Node, text: &str) -> Option<Self> {
        let span = root.value_at(&change.path)?.bytes(text)?;
        let written = text.get(span.clone())?;
        match &change.to {
            ValueChange::Text(new) => Some(Self {
                text: spelt(new, written),
                span,
            }),
            ValueChange::Beside(new) => {
                let new = spelt(new, written);
                Some(match layout(&span, text)? {
                    Layout::Line(before, line) => Self {
                        text: format!("{before}{new}{}", end_of(text.get(line.clone())?)),
                        span: line.end..line.end,
                    },
                    Layout::Within => Self {
                        text: format!(", {new}"),
                        span: span.end..span.end,
                    },
                })
            }
            ValueChange::Gone => match layout(&span, text)? {
                Layout::Line(before, line) => {
                    let comment = text.get(span.end..line.end)?.trim();
                    let indent = before.strip_suffix("- ").unwrap_or(before);
                    let kept = if comment.is_empty() {
                        String::new()
                    } else {
                        format!("{indent}{comment}{}", end_of(text.get(line.clone())?))
                    };
                    Some(Self {
                        span: line,
                        text: kept,
                    })
                }
                Layout::Within => Some(Self {
                    span: with_comma(&span, text)?,
                    text: String::new(),
                }),
            },
        }
    }
}

fn layout<'t>(span: &Range<usize>, text: &'t str) -> Option<Layout<'t>> {
    let start = text
        .get(..span.start)?
        .rfind('\n')
        .map_or(0, |newline| newline + 1);
    let before = text.get(start..span.start)?;
    let after = text.get(span.end..)?;
    let rest = after.split_inclusive('\n').next().unwrap_or("");
    let alone = rest.trim().is_empty() || rest.trim_start().starts_with('#');
    // A line without a line ending cannot be followed by another: such a file is left to its author.
    Some(if before.trim_start() == "- " && alone && rest.ends_with('\n') {
        Layout::Line(before, start..span.end + rest.len())
    } else if before.trim_start().starts_with("- ") && !before.contains(['[', '{']) {
        return None;
    } else {
        Layout::Within
    })
}

/// The line ending, the same as in the rest of the file.
fn end_of(line: &str) -> &'static str {
    if line.ends_with("\r\n") { "\r\n" } else { "\n" }
}

/// A value of `[a, b]` with the comma that goes with it.
fn with_comma(span: &Range<usize>, text: &str) -> Option<Range<usize>> {
    let after = text.get(span.end..)?;
    if let Some(rest) = after.trim_start().strip_prefix(',') {
        let next = rest.trim_start_matches(' ');
        return Some(span.start..text.len() - next.len());
    }
    let before = text.get(..span.start)?.trim_end();
    let before = before.strip_suffix(',')?;
    Some(before.len()..span.end)
}

/// A text in the same style of quotes as its neighbour.
fn spelt(new: &str, neighbour: &str) -> String {
    let quoted = || serde_json::Value::from(new).to_string();
    let printable = !new.chars().any(char::is_control);
    match neighbour.chars().next() {
        Some('\'') if printable => format!("'{}'", new.replace('\'', "''")),
        Some('"' | '\'') => quoted(),
        _ if is_plain(new) => new.to_owned(),
        _ => quoted(),
    }
}

/// Whether a text needs no quotes, in any position.
fn is_plain(text: &str) -> bool {
    let begins = text.starts_with(|ch: char| ch.is_ascii_alphabetic() || ch == '/');
    let other = |ch: char| ch.is_ascii_alphanumeric() || "/._*-".contains(ch);
    let reserved = ["true", "false", "yes", "no", "on", "off", "y", "n", "null"];
    begins && text.chars().all(other) && !reserved.iter().any(|word| text.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use peerwarden_documents::source::Source;
    use peerwarden_engine::document::Path;

    /// The value at an index of the list `a`.
    fn item(index: usize) -> Path {
        Path::keys(["a"]).index(index)
    }

    /// The new text of `before`.
    fn made(change: &Change, before: &str) -> Option<String> {
        let source = Source::new("x.yaml", before);
        let root = &peerwarden_documents::yaml::documents(&source).unwrap()[0];
        let edit = Edit::of(change, root, before)?;
        let mut after = before.to_owned();
        after.replace_range(edit.span, &edit.text);
        Some(after)
    }

    #[test]
    fn a_text_keeps_its_quotes() {
        let change = |text: &str| Change::text(item(1), text);
        assert_eq!(made(&change("y"), "a: [x, 'z']").unwrap(), "a: [x, 'y']");
        assert_eq!(made(&change("it's"), "a: [x, 'z']").unwrap(), "a: [x, 'it''s']");
        assert_eq!(
            made(&change("8080"), "a: [x, 8080] # c").unwrap(),
            "a: [x, \"8080\"] # c"
        );
        assert_eq!(
            made(&change("on"), "a:\n- x\n- on # c\n").unwrap(),
            "a:\n- x\n- \"on\" # c\n"
        );
        assert_eq!(
            made(&change("/b"), "a:\n- x\n- /a # c\n").unwrap(),
            "a:\n- x\n- /b # c\n"
        );
    }

    #[test]
    fn a_neighbour_stands_as_the_others_do() {
        let change = Change::beside(item(0), "/y/*");
        assert_eq!(
            made(&change, "a: [\"/y\", z]").unwrap(),
            "a: [\"/y\", \"/y/*\", z]"
        );
        assert_eq!(
            made(&change, "a:\n  - '/y' # c\n  - z\n").unwrap(),
            "a:\n  - '/y' # c\n  - '/y/*'\n  - z\n"
        );
        assert_eq!(
            made(&change, "a: [\n  /y, # c\n  z ]").unwrap(),
            "a: [\n  /y, /y/*, # c\n  z ]"
        );
        assert_eq!(made(&change, "a:\n  - '/y'"), None);
        assert_eq!(
            made(&change, "a:\r\n  - '/y'\r\n").unwrap(),
            "a:\r\n  - '/y'\r\n  - '/y/*'\r\n"
        );
    }

    #[test]
    fn what_goes_takes_its_comma_and_leaves_its_comment() {
        let gone = |index: usize| Change::gone(item(index));
        assert_eq!(made(&gone(0), "a: [x, y]").unwrap(), "a: [y]");
        assert_eq!(made(&gone(1), "a: [x, y]").unwrap(), "a: [x]");
        assert_eq!(
            made(&gone(1), "a:\n- x\n- y # why\n- z\n").unwrap(),
            "a:\n- x\n# why\n- z\n"
        );
        assert_eq!(made(&gone(1), "a:\n  - x\n  - y\n").unwrap(), "a:\n  - x\n");
        assert_eq!(made(&gone(0), "a: [x]"), None);
    }
}
