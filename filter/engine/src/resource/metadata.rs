//! `metadata` of a Kubernetes document.

use super::Timestamp;
use crate::document::{At, BorrowedValue, Fields, Path};
use crate::limits;
use crate::problem::{Problem, Problems};

/// The part of `metadata` that decides something: identity, age, annotations.
#[derive(Debug, Clone, Default)]
pub struct Metadata {
    /// Where the document stands in what it was read from, such as `resources[3]` or `items[0]`; empty for the root.
    pub place: Path,
    /// `metadata.name`.
    pub name: String,
    /// `metadata.namespace`; never guessed, as the namespace decides whom the document applies to.
    pub namespace: String,
    /// `metadata.annotations`, in the order of the text.
    pub annotations: Vec<(String, String)>,
    /// `metadata.creationTimestamp`: the oldest of several `PeerAuthentication`s wins.
    pub created: Option<Timestamp>,
}

/// What the API server or a client adds, and no decision depends on.
const IGNORED: [&str; 12] = [
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

impl Metadata {
    /// The value of an annotation.
    pub fn annotation(&self, name: &str) -> Option<&str> {
        let found = self.annotations.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    pub(super) fn read(value: &BorrowedValue<'_>, at: &At<'_>, problems: &mut Problems) -> Option<Self> {
        let mut fields = Fields::of(value, at, problems)?;
        let mut required = |name, most, help| {
            let known = problems.len();
            let text = fields.text(name, problems).filter(|text| !text.is_empty());
            if text.is_none() && problems.len() == known {
                let problem = Problem::new(&at.name(name), format!("`metadata.{name}` is missing or empty"));
                problems.push(problem.help(help));
            }
            if let Some(text) = text.filter(|text| !text.bytes().all(in_name)) {
                let problem =
                    Problem::new(&at.name(name), format!("`{text}` is not a valid Kubernetes name"));
                problems
                    .push(problem.help("use letters, digits, `-` and `.`; decisions and logs show the name"));
            }
            if let Some(text) = text.filter(|text| text.len() > most) {
                let problem = Problem::new(
                    &at.name(name),
                    format!("`metadata.{name}` has {} bytes, more than {most}", text.len()),
                );
                problems.push(problem.help("shorten it; Kubernetes has the same limit"));
            }
            text.map(str::to_owned)
        };
        let name = required(
            "name",
            limits::NAME_BYTES,
            "name the policy; decisions and logs show the name",
        );
        let namespace = required(
            "namespace",
            limits::NAMESPACE_BYTES,
            "write it; it decides which workloads the document applies to",
        );
        let annotations = fields.text_map("annotations", problems).unwrap_or_default();
        let created = fields.text("creationTimestamp", problems).and_then(|text| {
            let parsed = Timestamp::parse(text);
            if parsed.is_none() {
                let problem = Problem::new(&at.name("creationTimestamp"), format!("`{text}` is not a time"));
                problems.push(
                    problem.help("write an RFC 3339 time, such as `2026-01-31T12:00:00Z`, or remove it"),
                );
            }
            parsed
        });
        fields.ignore(&IGNORED);
        fields.finish(problems);
        Some(Self {
            place: Path::default(),
            name: name?,
            namespace: namespace?,
            annotations,
            created,
        })
    }
}

/// A character of a name. Kubernetes takes less (RFC 1123), Istio's validation anything; what matters here is that ids made of
/// names are unambiguous and fit into logs.
fn in_name(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') && !matches!(byte, b'[' | b']' | b'/')
}
