//! Where a document that is like another one may differ from it.

use super::Hole;
use crate::document::{DEPTH, Scanner};
use crate::resource::metadata::is_ignored;

/// The part of a document that a value is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// What nothing depends on.
    Free,
    /// A number.
    Number,
    /// `metadata.name`.
    Name,
    /// `metadata.namespace`.
    Namespace,
    /// `metadata.creationTimestamp`.
    Created,
    /// One of `metadata.annotations`.
    Annotation,
    /// One of the labels in `spec.selector`.
    Label,
    /// Another text in `spec`.
    Spec,
}

/// Where a value is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Root,
    Metadata,
    SpecRoot,
    Selector,
    /// What must be the same.
    Fixed,
    In(Part),
}

/// Each value of a document that may differ, in order; `None` if it is not JSON.
pub(super) fn holes(text: &[u8]) -> Option<Vec<Hole>> {
    let mut holes = Vec::new();
    let mut scanner = Scanner::new(text);
    value(&mut scanner, Place::Root, DEPTH, &mut holes)?;
    scanner.end().ok()?;
    Some(holes)
}

fn value(scanner: &mut Scanner<'_>, place: Place, depth: u32, holes: &mut Vec<Hole>) -> Option<()> {
    let depth = depth.checked_sub(1)?;
    match scanner.next().ok()? {
        b'"' => {
            let start = scanner.at();
            let text = scanner.string().ok()?;
            if let Place::In(part) = place
                && !text.has_escapes
                && text.bytes.is_ascii()
            {
                let end = start.wrapping_add(text.bytes.len());
                holes.push(Hole { start, end, part });
            }
        }
        b'{' => {
            let mut is_first = true;
            while scanner.another(is_first, b'}').ok()? {
                is_first = false;
                let name = scanner.name().ok()?.bytes;
                value(scanner, inner(place, name), depth, holes)?;
            }
        }
        b'[' => {
            let mut is_first = true;
            while scanner.another(is_first, b']').ok()? {
                is_first = false;
                value(scanner, place, depth, holes)?;
            }
        }
        first => {
            let start = scanner.at().wrapping_sub(1);
            scanner.scalar(first).ok()?;
            if let Place::In(_) = place
                && !matches!(first, b't' | b'f' | b'n')
            {
                let (end, part) = (scanner.at(), Part::Number);
                holes.push(Hole { start, end, part });
            }
        }
    }
    Some(())
}

fn inner(place: Place, name: &[u8]) -> Place {
    match (place, name) {
        (Place::Root, b"metadata") => Place::Metadata,
        (Place::Root, b"spec") => Place::SpecRoot,
        (Place::Root, b"apiVersion" | b"kind") => Place::Fixed,
        (Place::Root, _) => Place::In(Part::Free),
        (Place::Metadata, b"name") => Place::In(Part::Name),
        (Place::Metadata, b"namespace") => Place::In(Part::Namespace),
        (Place::Metadata, b"creationTimestamp") => Place::In(Part::Created),
        (Place::Metadata, b"annotations") => Place::In(Part::Annotation),
        (Place::Metadata, name) if is_ignored(name) => Place::In(Part::Free),
        (Place::SpecRoot, b"selector") => Place::Selector,
        (Place::SpecRoot, b"targetRef" | b"targetRefs") => Place::Fixed,
        (Place::SpecRoot, _) => Place::In(Part::Spec),
        (Place::Selector, b"matchLabels") => Place::In(Part::Label),
        (Place::Metadata | Place::Selector, _) => Place::Fixed,
        (Place::Fixed | Place::In(_), _) => place,
    }
}
