//! `spec.selector`: selects workloads by their labels.

use crate::document::{At, Node, NodeFields, text_map};
use crate::limits;
use crate::problem::{Problem, Problems};

/// `selector.matchLabels`: each pair must be on the workload; none at all selects every workload in scope.
///
/// `S` is how its texts are held: by itself, or by the document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selector<S = String> {
    /// Label names and the exact values they must have.
    pub match_labels: Vec<(S, S)>,
}

impl<'t> Selector<&'t str> {
    /// The field `selector` of a `spec`, which is at `at`; the same in every kind of document.
    pub(super) fn take(spec: &mut NodeFields<'t, '_>, at: &At<'_>, problems: &mut Problems) -> Option<Self> {
        let node = spec.take("selector")?;
        Self::read(node, &at.name("selector"), problems)
    }

    fn read(node: Node<'t>, at: &At<'_>, problems: &mut Problems) -> Option<Self> {
        let mut fields = NodeFields::of(node, at, problems)?;
        let at_labels = at.name("matchLabels");
        let match_labels = fields.take("matchLabels");
        let match_labels: Vec<(&str, &str)> = match_labels
            .map(|value| text_map(value, &at_labels, problems))
            .unwrap_or_default();
        for (name, value) in &match_labels {
            if let Some(what) = refused(name, value) {
                let problem = Problem::new(&at_labels.name(name), what);
                problems.push(problem.help("labels are compared exactly: write the whole name and value"));
            }
        }
        fields.finish(problems);
        Some(Self { match_labels })
    }
}

impl<S: AsRef<str>> Selector<S> {
    /// Whether labels `on` a workload carry each pair of this selector.
    pub fn matches(&self, on: &std::collections::BTreeMap<String, String>) -> bool {
        match_all(&self.match_labels, on)
    }

    /// The same, with the texts of this one.
    pub(crate) fn borrowed(&self) -> Selector<&str> {
        let labels = self.match_labels.iter();
        Selector {
            match_labels: labels
                .map(|(name, value)| (name.as_ref(), value.as_ref()))
                .collect(),
        }
    }

    /// The same with texts of its own.
    pub(crate) fn to_owned_texts(&self) -> Selector {
        let own = |text: &S| text.as_ref().to_owned();
        let labels = self.match_labels.iter();
        Selector {
            match_labels: labels.map(|(name, value)| (own(name), own(value))).collect(),
        }
    }
}

/// Whether labels `on` a workload carry each of these.
pub(crate) fn match_all<S: AsRef<str>>(
    labels: &[(S, S)],
    on: &std::collections::BTreeMap<String, String>,
) -> bool {
    labels
        .iter()
        .all(|(name, value)| on.get(name.as_ref()).is_some_and(|on| on == value.as_ref()))
}

/// The same, of bytes.
pub(super) fn match_all_bytes(
    labels: &[(&[u8], &[u8])],
    on: &std::collections::BTreeMap<String, String>,
) -> bool {
    let has = |(name, value): &(&[u8], &[u8])| {
        let name = std::str::from_utf8(name).ok();
        let on = name.and_then(|name| on.get(name));
        on.is_some_and(|on| on.as_bytes() == *value)
    };
    labels.iter().all(has)
}

fn refused(name: &str, value: &str) -> Option<String> {
    if name.is_empty() {
        return Some("a label name is empty".to_owned());
    }
    if name.contains('*') || value.contains('*') {
        return Some(format!("the label `{name}: {value}` has a wildcard"));
    }
    (value.len() > limits::LABEL_VALUE_BYTES).then(|| {
        format!(
            "the value of the label `{name}` is longer than {} bytes",
            limits::LABEL_VALUE_BYTES
        )
    })
}
