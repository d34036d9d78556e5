//! Keeps byte order mark and line endings, which the formatter does not know.

use crate::source::Source;
use crate::yaml;

/// A byte order mark, which some editors write at the start of UTF-8 text.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// The parts around the text that is formatted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Edges {
    /// Whether it begins with a byte order mark.
    marked: bool,
    /// Whether its lines end as on Windows.
    carriage_returns: bool,
    /// Whether its last line must not get a line break: it is in a block scalar, and the break would become part of it.
    open: bool,
}

impl Edges {
    pub(super) fn of(text: &str) -> Self {
        let first = text.find('\n');
        Self {
            marked: text.starts_with(BYTE_ORDER_MARK),
            carriage_returns: first.is_some_and(|at| text.get(..at).is_some_and(|line| line.ends_with('\r'))),
            open: !text.ends_with('\n') && ends_in_a_block(text) && goes_on(text),
        }
    }

    /// The text without these parts; also without a trailing `---`, which begins no document.
    pub(super) fn without(self, text: &str) -> String {
        let mut text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
        while let Some(rest) = text
            .trim_end()
            .strip_suffix("---")
            .filter(|rest| rest.ends_with('\n'))
        {
            text = rest;
        }
        if self.carriage_returns {
            return text.replace("\r\n", "\n");
        }
        text.to_owned()
    }

    /// Adds these parts to a text again.
    pub(super) fn around(self, mut text: String) -> String {
        if self.open {
            text.truncate(text.trim_end_matches('\n').len());
        }
        if self.carriage_returns {
            text = text.replace('\n', "\r\n");
        }
        if self.marked {
            text.insert(0, BYTE_ORDER_MARK);
        }
        text
    }
}

/// Whether the last line belongs to a literal or folded block that keeps its last line break (YAML 1.2, 8.1.1.2): the
/// nearest line above with less indentation ends in the header of a block.
fn ends_in_a_block(text: &str) -> bool {
    let mut lines = text.lines().rev();
    let indentation = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let Some(last) = lines.next() else {
        return false;
    };
    let mut least = indentation(last);
    for line in lines.filter(|line| !line.trim().is_empty()) {
        let own = indentation(line);
        if own >= least {
            continue;
        }
        if let Some(keeps) = block_header(line) {
            return keeps;
        }
        least = own;
    }
    false
}

/// Whether another line with the last one's indentation would still be valid YAML, as in a block; after a text in
/// quotes that only looks like a block, it is not.
fn goes_on(text: &str) -> bool {
    let last = text.lines().next_back().unwrap_or_default();
    let indentation = last.len() - last.trim_start_matches(' ').len();
    let longer = format!("{text}\n{:indentation$}and: so on", "");
    yaml::documents(&Source::new("", longer)).is_ok()
}

/// Whether the block that a line begins has a last line break; `None` for a line that begins none.
fn block_header(line: &str) -> Option<bool> {
    let line = line.split_once(" #").map_or(line, |(line, _)| line).trim_end();
    let indicators = line.rsplit(' ').next().unwrap_or_default();
    let flags = indicators.strip_prefix(['|', '>'])?;
    let is_header =
        line.len() > indicators.len() && flags.chars().all(|ch| ch.is_ascii_digit() || "+-".contains(ch));
    is_header.then(|| !flags.contains('-'))
}

#[cfg(test)]
mod tests {
    use super::Edges;

    fn there_and_back(text: &str) -> String {
        let edges = Edges::of(text);
        edges.around(edges.without(text))
    }

    #[test]
    fn edges_stay() {
        for text in [
            "\u{feff}a: b\n",
            "a: b\r\nc: d\r\n",
            "a: b\n",
            "",
            "---\n",
            "a: ---\n",
            "x: |\n  last",
        ] {
            assert_eq!(there_and_back(text), text);
        }
        assert_eq!(there_and_back("a: b\n---"), "a: b\n");
        assert_eq!(there_and_back("a: b\r\n---\r\n---\r\n"), "a: b\r\n");
    }

    #[test]
    fn a_block_without_a_last_line_break_gets_none() {
        for (text, open) in [
            ("x: |\n  last line", true),
            ("x: >2+ # why\n    last\n\n      deeper", true),
            ("- |\n  a", true),
            ("x: |-\n  last line", false),
            ("x: |\n  last line\n", false),
            ("x: |\n  a\ny:\n  b: c", false),
            ("x:\n  y: a|b", false),
            ("x: a | b", false),
            ("{a: \"x\n  y: |\n    z\"}", false),
            ("a: \"x\n  y: |\n    z\"", false),
        ] {
            assert_eq!(Edges::of(text).open, open, "{text:?}");
        }
    }
}
