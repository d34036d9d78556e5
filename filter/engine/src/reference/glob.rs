//! A naive matcher: literals and "any text", tried in every way. Slow and easy to check.

/// A piece of a pattern.
#[derive(Debug, Clone)]
pub(super) enum Piece {
    /// These bytes.
    Literal(Vec<u8>),
    /// Any bytes, at least this many.
    Any(usize),
    /// Bytes for which this holds, at least this many.
    Of(fn(u8) -> bool, usize),
}

pub(super) fn literal(text: &str) -> Piece {
    Piece::Literal(text.as_bytes().to_vec())
}

/// Whether the whole `text` is made of `pieces` in order. All places where a piece can end are followed at once, so that many stars do
/// not multiply.
pub(super) fn matches(pieces: &[Piece], text: &[u8]) -> bool {
    let mut ends = vec![0];
    for piece in pieces {
        let mut next = Vec::new();
        for from in ends {
            next.extend(after(piece, from, text.get(from..).unwrap_or_default()));
        }
        next.sort_unstable();
        next.dedup();
        ends = next;
    }
    ends.contains(&text.len())
}

/// Where a piece can end that begins at `from`, with `rest` before it.
fn after(piece: &Piece, from: usize, rest: &[u8]) -> impl Iterator<Item = usize> {
    let (least, most) = match piece {
        Piece::Literal(literal) if rest.starts_with(literal) => (literal.len(), literal.len()),
        // Nowhere.
        Piece::Literal(_) => (1, 0),
        Piece::Any(least) => (*least, rest.len()),
        Piece::Of(allowed, least) => (*least, rest.iter().take_while(|byte| allowed(**byte)).count()),
    };
    (least..=most).map(move |taken| from.saturating_add(taken))
}

/// Istio's string match: `*` alone asks for presence, then a leading star, then a trailing one, else all is literal.
pub(super) fn string_match(value: &str, text: &[u8], empty_counts_as_present: bool) -> bool {
    if value == "*" {
        return empty_counts_as_present || !text.is_empty();
    }
    if let Some(rest) = value.strip_prefix('*') {
        return matches(&[Piece::Any(0), literal(rest)], text);
    }
    if let Some(rest) = value.strip_suffix('*') {
        return matches(&[literal(rest), Piece::Any(0)], text);
    }
    matches(&[literal(value)], text)
}

/// A path template: `{*}` is one or more characters of a segment, `{**}` any number of these and slashes.
pub(super) fn template(value: &str, text: &[u8]) -> bool {
    fn segment(byte: u8) -> bool {
        byte.is_ascii_alphanumeric() || b"-._~%!$&'()+,;:@=*".contains(&byte)
    }
    fn segments(byte: u8) -> bool {
        byte == b'/' || segment(byte)
    }
    let mut pieces = Vec::new();
    let mut rest = value;
    while let Some((before, after)) = rest.split_once("{*") {
        pieces.push(literal(before));
        if let Some(after) = after.strip_prefix("*}") {
            pieces.push(Piece::Of(segments, 0));
            rest = after;
        } else {
            pieces.push(Piece::Of(segment, 1));
            rest = after.strip_prefix('}').unwrap_or(after);
        }
    }
    pieces.push(literal(rest));
    matches(&pieces, text)
}
