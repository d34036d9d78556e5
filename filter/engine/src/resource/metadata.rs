//! `metadata` of a Kubernetes document.

use super::Timestamp;
use crate::document::{At, Node, Path, entries, node_text, text_map, unknown};
use crate::limits;
use crate::problem::{Problem, Problems};

/// The part of `metadata` that decides something: identity, age, annotations.
///
/// `S` is how its texts are held: by itself, or by the document.
#[derive(Debug, Clone, Default)]
pub struct Metadata<S = String> {
    /// Where the document stands in what it was read from, such as `resources[3]` or `items[0]`; empty for the root.
    pub place: Path,
    /// `metadata.name`.
    pub name: S,
    /// `metadata.namespace`; never guessed, as the namespace decides whom the document applies to.
    pub namespace: S,
    /// `metadata.annotations`, in the order of the text.
    pub annotations: Vec<(S, S)>,
    /// `metadata.creationTimestamp`: the oldest of several `PeerAuthentication`s wins.
    pub created: Option<Timestamp>,
}

/// The fields that are known. After the first four come those that the API server or a client adds, on which no decision depends.
const KNOWN: [&str; 16] = [
    "name",
    "namespace",
    "annotations",
    "creationTimestamp",
    "labels",
    "uid",
    "resourceVersion",
    "generation",
    "managedFields",
    "ownerReferences",
    "finalizers",
    "selfLink",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "generateName",
    "clusterName",
];

/// The fields as they were written.
#[derive(Default)]
struct Written<'t> {
    name: Option<Node<'t>>,
    namespace: Option<Node<'t>>,
    annotations: Option<Node<'t>>,
    created: Option<Node<'t>>,
    has_unknown: bool,
}

impl<'t> Written<'t> {
    fn of(node: Node<'t>, at: &At<'_>, problems: &mut Problems) -> Option<Self> {
        let mut written = Self::default();
        for (name, value) in entries(node, at, problems)? {
            let place = match name {
                b"name" => &mut written.name,
                b"namespace" => &mut written.namespace,
                b"annotations" => &mut written.annotations,
                b"creationTimestamp" => &mut written.created,
                b"labels" | b"uid" | b"resourceVersion" | b"generation" => continue,
                _ => {
                    written.has_unknown |= !is_known(name);
                    continue;
                }
            };
            if !value.is_null() {
                *place = Some(value);
            }
        }
        Some(written)
    }
}

fn is_known(name: &[u8]) -> bool {
    KNOWN.iter().any(|known| known.as_bytes() == name)
}

impl<S: AsRef<str>> Metadata<S> {
    /// The value of an annotation.
    pub fn annotation(&self, name: &str) -> Option<&str> {
        let found = self.annotations.iter().find(|(known, _)| known.as_ref() == name);
        found.map(|(_, value)| value.as_ref())
    }

    /// The same, with the texts of this one.
    pub(crate) fn borrowed(&self) -> Metadata<&str> {
        let annotations = self.annotations.iter();
        Metadata {
            place: Path::default(),
            name: self.name.as_ref(),
            namespace: self.namespace.as_ref(),
            annotations: annotations
                .map(|(name, value)| (name.as_ref(), value.as_ref()))
                .collect(),
            created: self.created,
        }
    }

    /// The same with texts of its own.
    pub(crate) fn to_owned_texts(&self) -> Metadata {
        let own = |text: &S| text.as_ref().to_owned();
        let annotations = self.annotations.iter();
        Metadata {
            place: self.place.clone(),
            name: own(&self.name),
            namespace: own(&self.namespace),
            annotations: annotations.map(|(name, value)| (own(name), own(value))).collect(),
            created: self.created,
        }
    }
}

impl<'t> Metadata<&'t str> {
    pub(super) fn read(node: Node<'t>, at: &At<'_>, problems: &mut Problems) -> Option<Self> {
        let written = Written::of(node, at, problems)?;
        let name = required(
            written.name,
            "name",
            at,
            limits::NAME_BYTES,
            "name the policy; decisions and logs show the name",
            problems,
        );
        let namespace = required(
            written.namespace,
            "namespace",
            at,
            limits::NAMESPACE_BYTES,
            "write it; it decides which workloads the document applies to",
            problems,
        );
        let annotations = written.annotations;
        let annotations = annotations.map(|value| text_map(value, &at.name("annotations"), problems));
        let created = written.created.and_then(|value| {
            let at = at.name("creationTimestamp");
            let text = node_text(value, &at, problems)?;
            let parsed = Timestamp::parse(text);
            if parsed.is_none() {
                let problem = Problem::new(&at, format!("`{text}` is not a time"));
                problems.push(
                    problem.help("write an RFC 3339 time, such as `2026-01-31T12:00:00Z`, or remove it"),
                );
            }
            parsed
        });
        if written.has_unknown {
            for (name, _) in entries(node, at, problems)?.filter(|(name, _)| !is_known(name)) {
                unknown(name, at, &KNOWN, problems);
            }
        }
        Some(Self {
            place: Path::default(),
            name: name?,
            namespace: namespace?,
            annotations: annotations.unwrap_or_default(),
            created,
        })
    }
}

/// A text that must be there, and be a name.
fn required<'t>(
    written: Option<Node<'t>>,
    name: &str,
    at: &At<'_>,
    most: usize,
    help: &str,
    problems: &mut Problems,
) -> Option<&'t str> {
    let known = problems.len();
    let at = &at.name(name);
    let text = written.and_then(|value| node_text(value, at, problems));
    let text = text.filter(|text| !text.is_empty());
    if text.is_none() && problems.len() == known {
        let problem = Problem::new(at, format!("`metadata.{name}` is missing or empty"));
        problems.push(problem.help(help));
    }
    if let Some(text) = text.filter(|text| !text.bytes().all(in_name)) {
        let problem = Problem::new(at, format!("`{text}` is not a valid Kubernetes name"));
        problems.push(problem.help("use letters, digits, `-` and `.`; decisions and logs show the name"));
    }
    if let Some(text) = text.filter(|text| text.len() > most) {
        let message = format!("`metadata.{name}` has {} bytes, more than {most}", text.len());
        problems.push(Problem::new(at, message).help("shorten it; Kubernetes has the same limit"));
    }
    text
}

/// Whether this is a field on which no decision depends.
pub(super) fn is_ignored(name: &[u8]) -> bool {
    let ignored = KNOWN.get(4..).unwrap_or_default();
    ignored.iter().any(|known| known.as_bytes() == name)
}

/// Whether this is a name of at most so many bytes.
pub(super) fn is_name(text: &[u8], most: usize) -> bool {
    is_name_from(text, 0, most)
}

/// The same of one whose first bytes are those of a name.
pub(super) fn is_name_from(text: &[u8], known: usize, most: usize) -> bool {
    let rest = text.get(known..).unwrap_or(text);
    !text.is_empty() && text.len() <= most && rest.iter().all(|byte| in_name(*byte))
}

/// A character of a name. Kubernetes takes less (RFC 1123), Istio's validation anything; what matters here is that ids made of
/// names are unambiguous and fit into logs.
fn in_name(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') && !matches!(byte, b'[' | b']' | b'/')
}
