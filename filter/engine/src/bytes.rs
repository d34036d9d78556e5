//! Comparing bytes, eight at a time: on Wasm the comparison of slices goes byte by byte.

/// Whether both are the same.
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

#[cfg(test)]
mod tests {
    use super::{ends_with, same, starts_with};
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
}
