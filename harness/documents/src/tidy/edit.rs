//! Replaces ranges of a text.

use std::ops::Range;

/// The text with each of these ranges replaced. If two overlap, which aliases can cause, the first wins.
pub(super) fn replace(text: &str, mut edits: Vec<(Range<usize>, String)>) -> String {
    edits.sort_by_key(|(place, _)| (place.start, place.end));
    let mut replaced = String::with_capacity(text.len());
    let mut done = 0;
    for (place, new) in edits {
        let Some(before) = text.get(done..place.start) else {
            continue;
        };
        replaced.push_str(before);
        replaced.push_str(&new);
        done = place.end;
    }
    replaced.push_str(text.get(done..).unwrap_or_default());
    replaced
}
