//! Where to look for documents that belong together: a repository has thousands of policies and thousands of workloads, and each policy is
//! for few of them.

use std::collections::{BTreeMap, BTreeSet};

use peerwarden_engine::resource::Selector;

/// A label, or none.
type Label = Option<(String, String)>;

/// Numbers of documents by namespace and label.
#[derive(Default)]
struct ByLabel(BTreeMap<String, BTreeMap<Label, Vec<usize>>>);

impl ByLabel {
    fn add(&mut self, namespace: &str, label: Label, number: usize) {
        let labels = self.0.entry(namespace.to_owned()).or_default();
        labels.entry(label).or_default().push(number);
    }

    fn get(&self, namespace: &str, label: &Label) -> &[usize] {
        let labels = self.0.get(namespace);
        let numbers = labels.and_then(|labels| labels.get(label));
        numbers.map_or(&[], Vec::as_slice)
    }
}

/// Policies by namespace and by one label of the selector.
#[derive(Default)]
pub(crate) struct SelectorIndex(ByLabel);

impl SelectorIndex {
    pub(crate) fn add(&mut self, namespace: &str, selector: Option<&Selector>, number: usize) {
        let label = selector.and_then(|selector| selector.match_labels.first());
        self.0.add(namespace, label.cloned(), number);
    }

    /// Whether there are any of a namespace.
    pub(crate) fn has(&self, namespace: &str) -> bool {
        self.0.0.contains_key(namespace)
    }

    /// Those of some namespaces that may select a workload with these labels: all that do are among them. In ascending order.
    pub(crate) fn selecting<'n>(
        &self,
        namespaces: impl IntoIterator<Item = &'n str>,
        labels: &BTreeMap<String, String>,
    ) -> BTreeSet<usize> {
        let wanted = labels.iter();
        let wanted = wanted.map(|(name, value)| Some((name.clone(), value.clone())));
        let wanted: Vec<Label> = wanted.chain([None]).collect();
        let of_namespace = |namespace| wanted.iter().flat_map(move |label| self.0.get(namespace, label));
        namespaces.into_iter().flat_map(of_namespace).copied().collect()
    }
}

/// Workloads by namespace and by each of their labels.
#[derive(Default)]
pub(crate) struct WorkloadIndex(ByLabel);

impl WorkloadIndex {
    pub(crate) fn add<'l>(
        &mut self,
        namespace: &str,
        labels: impl IntoIterator<Item = (&'l str, &'l str)>,
        number: usize,
    ) {
        for (name, value) in labels {
            let label = (name.to_owned(), value.to_owned());
            self.0.add(namespace, Some(label), number);
        }
        self.0.add(namespace, None, number);
    }

    /// Those of a namespace that a selector may select: all that it does are among them. In ascending order.
    pub(crate) fn selected(&self, namespace: &str, selector: Option<&Selector>) -> &[usize] {
        let label = selector.and_then(|selector| selector.match_labels.first());
        self.0.get(namespace, &label.cloned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selector(labels: &[(&str, &str)]) -> Selector {
        Selector {
            match_labels: pairs(labels).collect(),
        }
    }

    fn pairs(labels: &[(&str, &str)]) -> impl Iterator<Item = (String, String)> {
        let owned = |(name, value): &(&str, &str)| (String::from(*name), String::from(*value));
        labels.iter().map(owned).collect::<Vec<_>>().into_iter()
    }

    #[test]
    fn policies_are_found_by_any_label_that_they_may_be_filed_under() {
        let mut index = SelectorIndex::default();
        let both = selector(&[("app", "a"), ("tier", "web")]);
        index.add("shop", Some(&both), 0);
        index.add("shop", None, 1);
        index.add("shop", Some(&selector(&[("app", "b")])), 2);
        index.add("root", Some(&Selector::default()), 3);
        index.add("other", None, 4);
        let labels: BTreeMap<String, String> = pairs(&[("app", "a"), ("tier", "web"), ("x", "y")]).collect();
        let found: Vec<usize> = index.selecting(["shop", "root"], &labels).into_iter().collect();
        assert_eq!(found, [0, 1, 3]);
    }

    #[test]
    fn workloads_are_found_by_each_label() {
        let mut index = WorkloadIndex::default();
        index.add("shop", [("app", "a"), ("tier", "web")], 0);
        index.add("shop", [("app", "b"), ("tier", "web")], 1);
        index.add("other", [("app", "a")], 2);
        let of = |selector: Option<&Selector>| index.selected("shop", selector);
        assert_eq!(of(None), [0, 1]);
        assert_eq!(of(Some(&Selector::default())), [0, 1]);
        assert_eq!(of(Some(&selector(&[("app", "a")]))), [0]);
        assert_eq!(of(Some(&selector(&[("tier", "web"), ("app", "b")]))), [0, 1]);
        assert_eq!(index.selected("none", None), [] as [usize; 0]);
    }
}
