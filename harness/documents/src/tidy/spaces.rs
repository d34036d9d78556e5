//! Lines of spaces inside block scalars: they are text, and the formatter of the crate takes the spaces for none.

use super::depth::begins_a_block_scalar;

/// Marks the end of such a line while the text is formatted: a character for private use, which no text has by itself.
const MARK: char = '\u{e000}';

/// The text with a mark behind each line of spaces that is text; `None` if it has the mark already, or no such line.
pub(super) fn marked(text: &str) -> Option<String> {
    if text.contains(MARK) {
        return None;
    }
    let mut marked = String::with_capacity(text.len());
    // The column of the key above a scalar, and of the scalar's own text once a line of it is read.
    let mut scalar: Option<(usize, Option<usize>)> = None;
    let mut has_any = false;
    for line in text.split_inclusive('\n') {
        let content = line.trim_end_matches(['\n', '\r']);
        let indent = content.len() - content.trim_start_matches(' ').len();
        if content.trim_matches(' ').is_empty() {
            let is_text = scalar.is_some_and(|(_, own)| own.is_some_and(|own| content.len() > own));
            marked.push_str(content);
            marked.extend(is_text.then_some(MARK));
            marked.push_str(&line[content.len()..]);
            has_any |= is_text;
            continue;
        }
        marked.push_str(line);
        scalar = match scalar {
            Some((above, None)) if indent > above => Some((above, Some(indent))),
            Some((above, Some(own))) if indent >= own => Some((above, Some(own))),
            _ => begins_a_block_scalar(content.trim()).then_some((indent, None)),
        };
    }
    has_any.then_some(marked)
}

/// The text without the marks.
pub(super) fn unmarked(text: &str) -> String {
    text.replace(MARK, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_spaces_that_are_text_are_marked() {
        let text = "a: |\n  x\n    \n  \n  y\n    \nb: 1\n   \nc: >-\n   \n  z\n";
        let expected = "a: |\n  x\n    \u{e000}\n  \n  y\n    \u{e000}\nb: 1\n   \nc: >-\n   \n  z\n";
        let marked = marked(text).unwrap();
        assert_eq!(marked, expected);
        assert_eq!(unmarked(&marked), text);
        assert!(super::marked("a: 1\n   \n").is_none() && super::marked("a: |\n  \u{e000}\n").is_none());
    }
}
