//! Reads no more of a document than says whether it applies, in one pass and without a tree, if it is written as nearly all are.
//!
//! What is out of the ordinary (another field of `metadata`, a value of another type, `targetRefs`, an escape, a duplicate key, and
//! whatever is wrong) is left to whoever reads all of it, and says what is wrong.

use super::DocumentKind;
use super::metadata::{is_ignored, is_name};
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
    namespace: Option<&'j str>,
    has_spec: bool,
    labels: Option<Pairs<'j>>,
}

/// The kind of the next document if it is sound as far as it is read, and does not apply to the workload; `None` if it may.
pub(crate) fn skim(scanner: &mut Scanner<'_>, mesh: &Mesh, workload: &Workload) -> Option<DocumentKind> {
    let skimmed = document(scanner)?;
    let (kind, namespace) = (skimmed.kind?, skimmed.namespace?);
    if !skimmed.is_versioned || !skimmed.has_name {
        return None;
    }
    let is_elsewhere = (namespace != mesh.root_namespace && namespace != workload.namespace)
        || skimmed.labels.is_some_and(|(labels, count)| {
            let labels = labels.get(..count).unwrap_or_default();
            !labels.is_empty() && !match_all_bytes(labels, &workload.labels)
        });
    is_elsewhere.then_some(kind)
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
                skimmed.namespace = std::str::from_utf8(namespace).ok();
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
    let is_sound = |(name, value): &(&[u8], &[u8])| {
        !name.is_empty()
            && !name.contains(&b'*')
            && !value.contains(&b'*')
            && value.len() <= limits::LABEL_VALUE_BYTES
    };
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
