//! Comments beside what they are about: what has one that says why was written on purpose.

use peerwarden_documents::documents::Document;
use peerwarden_documents::source::Place;
use peerwarden_engine::document::Step;

/// Whether there is a comment above a place in a document, alone in its lines; lines without text may be between.
pub(crate) fn is_above(document: &Document, path: &[Step]) -> bool {
    !above(&document.place(path, true)).is_empty()
}

/// The lines of the comment above a place, the last first.
pub(crate) fn above(place: &Place) -> Vec<&str> {
    let before = place.source.text.get(..place.span.start).unwrap_or_default();
    // Without the beginning of the line itself.
    let before = before
        .rfind('\n')
        .and_then(|end| before.get(..end))
        .unwrap_or_default();
    let lines = before.lines().rev().map(str::trim);
    let lines = lines.skip_while(|line| line.is_empty());
    lines.take_while(|line| line.starts_with('#')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use peerwarden_documents::documents;
    use peerwarden_documents::source::Source;
    use peerwarden_engine::document::Path;

    #[test]
    fn a_comment_is_for_what_is_below() {
        let text = "rules:\n# Pods without a sidecar.\n\n- {}\n- {} # all\n- {}\n";
        let document = documents::all(&Source::new("a.yaml", text)).unwrap().remove(0);
        let has = |index: usize| is_above(&document, &Path::keys(["rules"]).index(index));
        assert_eq!([has(0), has(1), has(2)], [true, false, false]);
    }
}
