//! Compares bytes, eight at a time: on Wasm, slices are compared byte by byte.

/// Whether both texts are the same.
pub(crate) fn same(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    let (words, rest) = one.as_chunks::<8>();
    let (other_words, other_rest) = other.as_chunks::<8>();
    let word = |bytes: &[u8; 8]| u64::from_ne_bytes(*bytes);
    words
        .iter()
        .zip(other_words)
        .all(|(one, other)| word(one) == word(other))
        && rest.iter().zip(other_rest).all(|(one, other)| one == other)
}

/// Whether `text` begins with `start`.
pub(crate) fn starts_with(text: &[u8], start: &[u8]) -> bool {
    text.get(..start.len()).is_some_and(|text| same(text, start))
}

/// Whether `text` ends with `end`.
pub(crate) fn ends_with(text: &[u8], end: &[u8]) -> bool {
    let from = text.len().checked_sub(end.len());
    from.and_then(|from| text.get(from..))
        .is_some_and(|text| same(text, end))
}

/// The value of a header's line, without the spaces and tabs around it
/// (<https://www.rfc-editor.org/rfc/rfc9110#section-5.5>). HTTP/2 delivers them with it, and an application strips them.
pub fn field_value(mut line: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = line {
        line = rest;
    }
    line
}

#[cfg(test)]
mod tests {
    use super::{ends_with, field_value, same, starts_with};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn sees_a_difference_in_each_place() {
        let text: Vec<u8> = (0..40).collect();
        for length in 0..text.len() {
            let part = &text[..length];
            assert!(same(part, part) && starts_with(&text, part));
            assert!(ends_with(&text, &text[length..]));
            assert!(!same(part, &text) && !same(&text, part));
            for place in 0..length {
                let mut other = part.to_vec();
                other[place] ^= 1;
                assert!(!same(part, &other), "{place} of {length}");
                assert!(!starts_with(&text, &other) && !ends_with(part, &other));
            }
        }
        assert!(!starts_with(b"a", b"ab") && !ends_with(b"b", b"ab"));
    }

    #[test]
    fn a_value_has_no_white_space_around_it() {
        for line in ["a b", " a b", "a b\t", "\t \ta b \t "] {
            assert_eq!(field_value(line.as_bytes()), b"a b", "{line:?}");
        }
        for blank in ["", " ", "\t", " \t "] {
            assert_eq!(field_value(blank.as_bytes()), b"", "{blank:?}");
        }
        assert_eq!(
            field_value(b"\x0ba\xc2\xa0"),
            b"\x0ba\xc2\xa0",
            "only spaces and tabs"
        );
    }
}
