//! The definition of patterns, tried in every way: slow, but easy to verify.

/// A piece of a pattern.
#[derive(Debug, Clone)]
pub(super) enum Piece<'p> {
    /// These bytes.
    Literal(&'p [u8]),
    /// At least this many bytes for which this holds.
    Run(fn(u8) -> bool, usize),
}

/// Any bytes.
pub(super) const ANY: Piece<'static> = Piece::Run(|_| true, 0);

/// Whether the whole text consists of the pieces, in order. Every position where a piece can end is tracked, as a set.
pub(super) fn matches(pieces: &[Piece<'_>], text: &[u8]) -> bool {
    let mut ends = vec![false; text.len() + 1];
    ends[0] = true;
    for piece in pieces {
        let mut next = vec![false; text.len() + 1];
        for from in (0..=text.len()).filter(|from| ends[*from]) {
            match piece {
                Piece::Literal(literal) if text[from..].starts_with(literal) => {
                    next[from + literal.len()] = true
                }
                Piece::Literal(_) => {}
                Piece::Run(holds, least) => {
                    let run = text[from..].iter().take_while(|byte| holds(**byte)).count();
                    for taken in *least..=run {
                        next[from + taken] = true;
                    }
                }
            }
        }
        ends = next;
    }
    ends[text.len()]
}

/// Istio's string match (<https://istio.io/latest/docs/reference/config/security/authorization-policy/>): `*` alone
/// matches any non-empty text, a star at the start or the end any text there; any other star is literal.
pub(super) fn string_match(pattern: &[u8], text: &[u8]) -> bool {
    match pattern {
        b"*" => !text.is_empty(),
        [b'*', suffix @ ..] => matches(&[ANY, Piece::Literal(suffix)], text),
        [prefix @ .., b'*'] => matches(&[Piece::Literal(prefix), ANY], text),
        exact => exact == text,
    }
}

/// A path template: `{*}` matches one non-empty segment, `{**}` any number of bytes of segments and slashes.
pub(super) fn template(pattern: &str, text: &[u8]) -> bool {
    fn segment(byte: u8) -> bool {
        byte.is_ascii_alphanumeric() || b"-._~%!$&'()+,;:@=*".contains(&byte)
    }
    fn segments(byte: u8) -> bool {
        byte == b'/' || segment(byte)
    }
    let mut pieces = Vec::new();
    for (index, part) in pattern.split('/').enumerate() {
        if index > 0 {
            pieces.push(Piece::Literal(b"/"));
        }
        pieces.push(match part {
            "{*}" => Piece::Run(segment, 1),
            "{**}" => Piece::Run(segments, 0),
            literal => Piece::Literal(literal.as_bytes()),
        });
    }
    matches(&pieces, text)
}

/// A namespace of a SPIFFE ID: each star matches any text, within `TRUST_DOMAIN/ns/NAMESPACE/sa/…` as one text.
pub(super) fn namespace(pattern: &str, name: &[u8]) -> bool {
    let mut pieces = vec![ANY, Piece::Literal(b"/ns/")];
    for (index, part) in pattern.split('*').enumerate() {
        if index > 0 {
            pieces.push(ANY);
        }
        pieces.push(Piece::Literal(part.as_bytes()));
    }
    pieces.extend([Piece::Literal(b"/"), ANY]);
    matches(&pieces, name)
}
