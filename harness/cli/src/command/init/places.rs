//! The namespace of a workload whose manifest names none: where the policies are that select it.

use std::collections::{BTreeMap, BTreeSet};

use peerwarden_documents::documents::Document;
use peerwarden_documents::kinds::DEFAULT;
use peerwarden_documents::yaml::Node;

/// The root namespace by default: its policies are for the whole mesh.
const ROOT: &str = "istio-system";

/// The namespace of a policy, and the labels of its selector.
pub(super) struct PolicyPlace<'d> {
    namespace: &'d str,
    labels: Vec<(&'d str, &'d str)>,
}

impl<'d> PolicyPlace<'d> {
    fn of(document: &'d Document) -> Self {
        let namespace = document
            .node
            .at(&["metadata", "namespace"])
            .and_then(Node::as_str);
        let labels = document.node.at(&["spec", "selector", "matchLabels"]);
        let labels = labels.map(Node::entries).unwrap_or_default().iter();
        Self {
            namespace: namespace.unwrap_or(DEFAULT),
            labels: labels
                .filter_map(|entry| Some((entry.name.as_str(), entry.value.as_str()?)))
                .collect(),
        }
    }
}

/// Those of all policies but the mesh's own.
pub(super) fn of(policies: &[Document]) -> Vec<PolicyPlace<'_>> {
    let places = policies.iter().map(PolicyPlace::of);
    places.filter(|place| place.namespace != ROOT).collect()
}

/// The one namespace with a policy that selects these labels, or else the only namespace of all policies.
pub(super) fn one<'d>(all: &[PolicyPlace<'d>], labels: &BTreeMap<String, String>) -> Option<&'d str> {
    let selects = |place: &&PolicyPlace<'_>| {
        let has = |(name, value): &(&str, &str)| labels.get(*name).map(String::as_str) == Some(*value);
        !place.labels.is_empty() && place.labels.iter().all(has)
    };
    let selecting: BTreeSet<&str> = all.iter().filter(selects).map(|place| place.namespace).collect();
    let every: BTreeSet<&str> = all.iter().map(|place| place.namespace).collect();
    let known = if selecting.is_empty() { every } else { selecting };
    known.first().copied().filter(|_| known.len() == 1)
}
