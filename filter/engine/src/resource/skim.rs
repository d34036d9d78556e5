//! Reads no more of a document than says whether it applies, in one pass and without a tree, if it is written as nearly all are.
//!
//! What is out of the ordinary (another field of `metadata`, a value of another type, `targetRefs`, an escape, a duplicate key, and
//! whatever is wrong) is left to whoever reads all of it, and says what is wrong.

use super::DocumentKind;
use super::likeness::{Change, Models, Part};
use super::metadata::{is_ignored, is_name, is_name_from};
use super::selector::match_all_bytes;
use super::timestamp::is_plain;
use crate::document::{DEPTH, Scanner};
use crate::limits;
use crate::mesh::Mesh;
use crate::workload::Workload;

/// The largest number of labels, and of annotations, that are read.
const PAIRS: usize = 8;

/// Names and texts of an object, as many as there are.
type Pairs<'j> = ([(&'j [u8], &'j [u8]); PAIRS], usize);

/// What is read of a document.
#[derive(Default)]
struct Skimmed<'j> {
    kind: Option<DocumentKind>,
    is_versioned: bool,
    has_name: bool,
    namespace: Option<&'j [u8]>,
    has_spec: bool,
    labels: Option<Pairs<'j>>,
}

/// A document that does not apply, and what shows that.
#[derive(Debug)]
pub(crate) struct Elsewhere<'j> {
    pub(crate) kind: DocumentKind,
    /// Whether its namespace is none whose documents are for the workload.
    is_far: bool,
    /// The labels of its selector.
    labels: Vec<Label<'j>>,
}

/// A label of a selector: its value, which one this is of the values that may differ, and the workload's value.
#[derive(Debug)]
struct Label<'j> {
    value: &'j [u8],
    number: Option<usize>,
    on: Option<String>,
}

/// The documents that do not apply, and others are compared with.
pub(crate) type Skimmer<'j> = Models<'j, Elsewhere<'j>>;

impl<'j> Skimmer<'j> {
    /// The kind of the next document if it is like one that does not apply, and does not apply either.
    pub(crate) fn compare(
        &mut self,
        scanner: &mut Scanner<'j>,
        mesh: &Mesh,
        workload: &Workload,
    ) -> Option<DocumentKind> {
        self.find(scanner, |like, changes| like.changed(changes, mesh, workload))
    }

    /// The kind of the next document if it is sound as far as it is read, and does not apply to the workload; `None` if it may.
    pub(crate) fn skim(
        &mut self,
        scanner: &mut Scanner<'j>,
        mesh: &Mesh,
        workload: &Workload,
    ) -> Option<DocumentKind> {
        let from = scanner.peek_at().ok()?;
        let skimmed = document(scanner)?;
        let (kind, namespace) = (skimmed.kind?, skimmed.namespace?);
        if !skimmed.is_versioned || !skimmed.has_name {
            return None;
        }
        let labels = skimmed.labels.as_ref();
        let labels = labels.map_or(&[][..], |(labels, count)| {
            labels.get(..*count).unwrap_or_default()
        });
        if !is_elsewhere(namespace, labels, mesh, workload) {
            return None;
        }
        let json = scanner.json();
        self.keep(
            json,
            from,
            scanner.at(),
            &[Part::Annotation, Part::Spec],
            |hole| Elsewhere {
                kind,
                is_far: is_elsewhere(namespace, &[], mesh, workload),
                labels: labels
                    .iter()
                    .map(|(name, value)| Label {
                        value,
                        number: hole(value),
                        on: std::str::from_utf8(name)
                            .ok()
                            .and_then(|name| workload.labels.get(name))
                            .cloned(),
                    })
                    .collect(),
            },
        );
        Some(kind)
    }
}

impl Elsewhere<'_> {
    /// Its kind, if a document that is like this one but for these changes is sound and does not apply either.
    fn changed(&self, changes: &[Change<'_>], mesh: &Mesh, workload: &Workload) -> Option<DocumentKind> {
        let mut is_far = self.is_far;
        for change in changes {
            let is_sound = match change.part {
                Part::Free | Part::Number | Part::Annotation | Part::Spec => true,
                Part::Name => is_name_from(change.text, change.same, limits::NAME_BYTES),
                Part::Namespace => {
                    is_far = is_elsewhere(change.text, &[], mesh, workload);
                    is_name_from(change.text, change.same, limits::NAMESPACE_BYTES)
                }
                Part::Created => is_plain(change.text),
                Part::Label => is_label(change.text, change.same),
            };
            if !is_sound {
                return None;
            }
        }
        let is_other = |label: &Label<'_>| {
            let changed = changes.iter().find(|change| Some(change.number) == label.number);
            let value = changed.map_or(label.value, |change| change.text);
            label.on.as_ref().is_none_or(|on| on.as_bytes() != value)
        };
        (is_far || self.labels.iter().any(is_other)).then_some(self.kind)
    }
}

/// Whether a document of this namespace and with these labels in its selector does not apply to the workload.
fn is_elsewhere(namespace: &[u8], labels: &[(&[u8], &[u8])], mesh: &Mesh, workload: &Workload) -> bool {
    (namespace != mesh.root_namespace.as_bytes() && namespace != workload.namespace.as_bytes())
        || (!labels.is_empty() && !match_all_bytes(labels, &workload.labels))
}

/// A value that a label of a selector may have, if its first bytes are those of one.
fn is_label(value: &[u8], known: usize) -> bool {
    let rest = value.get(known..).unwrap_or(value);
    rest.iter().all(|byte| *byte != b'*') && value.len() <= limits::LABEL_VALUE_BYTES
}

fn document<'j>(scanner: &mut Scanner<'j>) -> Option<Skimmed<'j>> {
    let mut skimmed = Skimmed::default();
    let mut has_metadata = false;
    let mut is_first = true;
    scanner.expect(b'{').ok()?;
    while scanner.another(is_first, b'}').ok()? {
        is_first = false;
        match name(scanner)? {
            b"apiVersion" if !skimmed.is_versioned => {
                let version = text(scanner)?;
                matches!(version, b"security.istio.io/v1" | b"security.istio.io/v1beta1").then_some(())?;
                skimmed.is_versioned = true;
            }
            b"kind" if skimmed.kind.is_none() => {
                skimmed.kind = Some(match text(scanner)? {
                    b"AuthorizationPolicy" => DocumentKind::AuthorizationPolicy,
                    b"PeerAuthentication" => DocumentKind::PeerAuthentication,
                    b"RequestAuthentication" => DocumentKind::RequestAuthentication,
                    _ => return None,
                });
            }
            b"metadata" if !has_metadata => {
                has_metadata = true;
                metadata(scanner, &mut skimmed)?;
            }
            b"spec" if !skimmed.has_spec => {
                skimmed.has_spec = true;
                spec(scanner, &mut skimmed)?;
            }
            b"apiVersion" | b"kind" | b"metadata" | b"spec" => return None,
            _ => scanner.skip(DEPTH.wrapping_sub(3)).ok()?,
        }
    }
    Some(skimmed)
}

fn metadata<'j>(scanner: &mut Scanner<'j>, skimmed: &mut Skimmed<'j>) -> Option<()> {
    let (mut is_dated, mut is_annotated) = (false, false);
    let mut is_first = true;
    scanner.expect(b'{').ok()?;
    while scanner.another(is_first, b'}').ok()? {
        is_first = false;
        match name(scanner)? {
            b"name" if !skimmed.has_name => {
                skimmed.has_name = is_name(text(scanner)?, limits::NAME_BYTES);
                skimmed.has_name.then_some(())?;
            }
            b"namespace" if skimmed.namespace.is_none() => {
                let namespace = text(scanner)?;
                is_name(namespace, limits::NAMESPACE_BYTES).then_some(())?;
                skimmed.namespace = Some(namespace);
            }
            b"creationTimestamp" if !is_dated => {
                is_dated = true;
                is_plain(text(scanner)?).then_some(())?;
            }
            b"annotations" if !is_annotated => {
                is_annotated = true;
                pairs(scanner)?;
            }
            other if is_ignored(other) => scanner.skip(DEPTH.wrapping_sub(4)).ok()?,
            _ => return None,
        }
    }
    Some(())
}

fn spec<'j>(scanner: &mut Scanner<'j>, skimmed: &mut Skimmed<'j>) -> Option<()> {
    let mut is_first = true;
    scanner.expect(b'{').ok()?;
    while scanner.another(is_first, b'}').ok()? {
        is_first = false;
        match name(scanner)? {
            b"selector" if skimmed.labels.is_none() => skimmed.labels = Some(selector(scanner)?),
            b"selector" | b"targetRef" | b"targetRefs" => return None,
            _ => scanner.skip(DEPTH.wrapping_sub(4)).ok()?,
        }
    }
    Some(())
}

fn selector<'j>(scanner: &mut Scanner<'j>) -> Option<Pairs<'j>> {
    scanner.expect(b'{').ok()?;
    if !scanner.another(true, b'}').ok()? {
        return Some(([(&[], &[]); PAIRS], 0));
    }
    (name(scanner)? == b"matchLabels").then_some(())?;
    let pairs = pairs(scanner)?;
    let (labels, count) = &pairs;
    let is_sound =
        |(name, value): &(&[u8], &[u8])| !name.is_empty() && !name.contains(&b'*') && is_label(value, 0);
    labels.iter().take(*count).all(is_sound).then_some(())?;
    (!scanner.another(false, b'}').ok()?).then_some(pairs)
}

/// An object of a few texts.
fn pairs<'j>(scanner: &mut Scanner<'j>) -> Option<Pairs<'j>> {
    let mut pairs: [(&[u8], &[u8]); PAIRS] = [(&[], &[]); PAIRS];
    let mut count = 0_usize;
    scanner.expect(b'{').ok()?;
    while scanner.another(count == 0, b'}').ok()? {
        let name = name(scanner)?;
        let value = text(scanner)?;
        if pairs.iter().take(count).any(|(known, _)| *known == name) {
            return None;
        }
        *pairs.get_mut(count)? = (name, value);
        count = count.wrapping_add(1);
    }
    Some((pairs, count))
}

fn name<'j>(scanner: &mut Scanner<'j>) -> Option<&'j [u8]> {
    let name = scanner.name().ok()?;
    (!name.has_escapes).then_some(name.bytes)
}

fn text<'j>(scanner: &mut Scanner<'j>) -> Option<&'j [u8]> {
    scanner.expect(b'"').ok()?;
    let text = scanner.string().ok()?;
    (!text.has_escapes).then_some(text.bytes)
}
