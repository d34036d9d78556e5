//! Limits nesting, as the parser of the formatter keeps columns in 64 bits and fails beyond.

/// The largest indentation of a line, in columns.
pub(super) const DEEPEST: usize = 63;

/// The number, from 1, of the first line that is indented too far; lines of block scalars do not count.
pub(super) fn too_deep(text: &str) -> Option<usize> {
    // For the first value it counts from the line feed, whatever white space is in between.
    let first = text.find(|letter: char| !letter.is_ascii_whitespace())?;
    let begins = text.get(..first)?.rfind('\n').map_or(0, |feed| feed + 1);
    if first - begins > DEEPEST {
        return Some(1 + text.get(..begins)?.matches('\n').count());
    }
    let mut scalar = None;
    // A carriage return alone is a line break too.
    for (index, line) in text.split(['\n', '\r']).enumerate() {
        let content = line.trim();
        if content.is_empty() {
            continue;
        }
        let indent = line.len().saturating_sub(line.trim_start().len());
        if scalar.is_some_and(|above| indent > above) {
            continue;
        }
        // In `- - a` each dash begins another list, at its own depth.
        let nested = content.trim_start_matches(['-', '?', ' ', '\t']);
        if line.len().saturating_sub(nested.len()) > DEEPEST {
            return Some(index + 1);
        }
        scalar = begins_a_block_scalar(content).then_some(indent);
    }
    None
}

/// Whether a line ends with the header of a block scalar, such as `|`, `>-` or `|2`.
pub(super) fn begins_a_block_scalar(line: &str) -> bool {
    let line = line.split_once(" #").map_or(line, |(line, _)| line).trim_end();
    let header = line.trim_end_matches(|letter: char| letter.is_ascii_digit() || matches!(letter, '+' | '-'));
    header == "|" || header == ">" || header.ends_with(" |") || header.ends_with(" >")
}
