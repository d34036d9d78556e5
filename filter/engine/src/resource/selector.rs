//! `spec.selector`: selects workloads by their labels.

use std::borrow::Cow;

use crate::document::{At, BorrowedValue, Fields};
use crate::limits;
use crate::problem::{Problem, Problems};

/// `selector.matchLabels`: each pair must be on the workload; none at all selects every workload in scope.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selector {
    /// Label names and the exact values they must have.
    pub match_labels: Vec<(String, String)>,
}

impl Selector {
    /// The field `selector` of a `spec`, which is at `at`; the same in every kind of document.
    pub(super) fn take(
        spec: &mut Fields<'_, '_, Cow<'_, str>>,
        at: &At<'_>,
        problems: &mut Problems,
    ) -> Option<Self> {
        let value = spec.take("selector")?;
        Self::read(value, &at.name("selector"), problems)
    }

    fn read(value: &BorrowedValue<'_>, at: &At<'_>, problems: &mut Problems) -> Option<Self> {
        let mut fields = Fields::of(value, at, problems)?;
        let at_labels = at.name("matchLabels");
        let match_labels = fields.text_map("matchLabels", problems).unwrap_or_default();
        for (name, value) in &match_labels {
            if let Some(what) = refused(name, value) {
                let problem = Problem::new(&at_labels.name(name), what);
                problems.push(problem.help("labels are compared exactly: write the whole name and value"));
            }
        }
        fields.finish(problems);
        Some(Self { match_labels })
    }

    /// Whether labels `on` a workload carry each pair of this selector.
    pub fn matches(&self, on: &std::collections::BTreeMap<String, String>) -> bool {
        self.match_labels
            .iter()
            .all(|(name, value)| on.get(name) == Some(value))
    }
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
