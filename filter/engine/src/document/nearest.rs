//! Finds the known name that is closest to a misspelt one.

/// The candidate with the fewest edits to `name`, if these are few for a word of its length.
pub fn nearest<'c>(name: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    // A hostile name must not cost more than it is worth.
    if name.len() > 64 {
        return None;
    }
    let limit = name.chars().count().div_euclid(3).clamp(1, 3);
    candidates
        .into_iter()
        .map(|candidate| {
            (
                edits(&name.to_ascii_lowercase(), &candidate.to_ascii_lowercase()),
                candidate,
            )
        })
        .filter(|(edits, _)| *edits <= limit)
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, candidate)| candidate)
}

/// Levenshtein's distance, in characters.
fn edits(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (above, from) in left.chars().enumerate() {
        let mut diagonal = above;
        let mut before = above.saturating_add(1);
        if let Some(first) = row.first_mut() {
            *first = before;
        }
        for (cell, to) in row.iter_mut().skip(1).zip(&right) {
            let replaced = diagonal.saturating_add(usize::from(from != *to));
            diagonal = *cell;
            before = replaced
                .min(before.saturating_add(1))
                .min(diagonal.saturating_add(1));
            *cell = before;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::nearest;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn finds_the_word_that_was_meant() {
        let known = ["principals", "namespaces", "ipBlocks"];
        assert_eq!(nearest("principal", known), Some("principals"));
        assert_eq!(nearest("ipblocks", known), Some("ipBlocks"));
        assert_eq!(nearest("namspace", known), Some("namespaces"));
    }

    #[test]
    fn suggests_nothing_for_a_stranger() {
        assert_eq!(nearest("colour", ["principals", "namespaces"]), None);
        assert_eq!(nearest(&"x".repeat(100_000), ["principals"]), None);
    }
}
