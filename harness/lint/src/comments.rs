//! Comments beside what they are about: what has one that says why was written on purpose.

use peerwarden_documents::documents::Document;
use peerwarden_engine::document::Step;

/// Whether there is a comment in the line above a place in a document, alone in its line.
pub(crate) fn is_above(document: &Document, path: &[Step]) -> bool {
    let place = document.place(path, true);
    let source = &place.source;
    let (line, _) = source.position(place.span.start);
    let above = line
        .checked_sub(2)
        .and_then(|above| source.lines().get(above).copied());
    let text = above.and_then(|start| source.text.get(start..)?.lines().next());
    text.is_some_and(|text| text.trim_start().starts_with('#'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use peerwarden_documents::documents;
    use peerwarden_documents::source::Source;
    use peerwarden_engine::document::Path;

    #[test]
    fn a_comment_is_for_the_line_below() {
        let text = "rules:\n# Pods without a sidecar.\n- {}\n- {} # all\n- {}\n";
        let document = documents::all(&Source::new("a.yaml", text)).unwrap().remove(0);
        let has = |index: usize| is_above(&document, &Path::keys(["rules"]).index(index));
        assert_eq!([has(0), has(1), has(2)], [true, false, false]);
    }
}
