//! The comments of a text: everything from a `#` that is not part of a value.

use std::ops::Range;
use std::sync::Arc;

use super::node::{Node, Tree, whole};
use crate::source::Source;

/// Each comment, from its `#` to the end of its line; empty for a text that cannot be read.
pub fn comments(source: &Arc<Source>) -> Vec<Range<usize>> {
    let text = &source.text;
    let Ok(nodes) = super::documents(source) else {
        return Vec::new();
    };
    let mut values = Vec::new();
    for node in &nodes {
        scalars(node, text, &mut values);
    }
    values.sort_unstable_by_key(|value| value.start);
    // An alias has the place of its anchor, and no two other values overlap.
    let inside = |at: usize| {
        let before = values.partition_point(|value| value.start <= at);
        before > 0 && values[before - 1].end > at
    };
    let mut found: Vec<Range<usize>> = Vec::new();
    for (at, _) in text.match_indices('#') {
        let known = found.last().is_some_and(|last| last.end > at);
        let begins = text[..at].chars().next_back().is_none_or(char::is_whitespace);
        if known || !begins || inside(at) {
            continue;
        }
        let length = text[at..].find('\n').unwrap_or(text.len() - at);
        found.push(at..at + text[at..at + length].trim_end().len());
    }
    found
}

fn scalars(node: &Node, text: &str, into: &mut Vec<Range<usize>>) {
    match &node.tree {
        Tree::Null | Tree::Bool(_) | Tree::Number(_) | Tree::String(_) => {
            into.extend(whole(&node.location, text));
        }
        Tree::List(items) => items.iter().for_each(|item| scalars(item, text, into)),
        Tree::Object(entries) => {
            for entry in entries {
                into.extend(whole(&entry.name_location, text));
                scalars(&entry.value, text, into);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_no_comments() {
        let text = "# one\na: \"x # no\" # two\nb: 'y # no'#no\nc: z#no # three\nd: |\n  # no\n  # no\ne: >-\n  x # no\nf: # four\n  - \
                    g # five\n\"h # no\": 1\ni: &anchor # six\n  j: *anchor\n";
        let text = text
            .replace("  j: *anchor\n", "  j: k\n")
            .replace("'y # no'#no", "'y # no'");
        let source = Source::new("x.yaml", text);
        let found: Vec<&str> = comments(&source)
            .into_iter()
            .map(|comment| &source.text[comment])
            .collect();
        assert_eq!(found, ["# one", "# two", "# three", "# four", "# five", "# six"]);
    }

    #[test]
    fn a_text_that_cannot_be_read_has_none() {
        assert!(comments(&Source::new("x.yaml", "a: [ # x\n")).is_empty());
    }
}
