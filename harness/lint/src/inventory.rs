//! The namespaces, workloads and service accounts among the documents. Others may exist elsewhere.

use std::collections::{BTreeMap, BTreeSet};

use peerwarden_documents::documents::{Document, OtherDocuments};
use peerwarden_documents::kinds::DEFAULT;
use peerwarden_documents::kustomizations::AppliedFiles;
use peerwarden_documents::yaml::Node;
use peerwarden_engine::resource::Selector;

use crate::context::index::WorkloadIndex;

/// What makes pods, of whatever kind.
pub(crate) struct Pod<'d> {
    /// A title, such as `Deployment shop/orders`.
    pub(crate) title: String,
    pub(crate) name: &'d str,
    pub(crate) namespace: &'d str,
    /// Those that kustomizations put it into, whatever it says itself.
    given: BTreeSet<String>,
    /// Whether nothing gives it a namespace, so that it may be applied to any.
    pub(crate) is_unplaced: bool,
    /// Its service account; `None` for a patch, which is incomplete.
    pub(crate) account: Option<&'d str>,
    /// The file that contains it.
    pub(crate) file: &'d str,
    labels: Option<&'d Node>,
    /// Those of the workload itself, which its pods do not have.
    own_labels: Option<&'d Node>,
}

/// All names.
pub(crate) struct Inventory<'d> {
    pub(crate) pods: Vec<Pod<'d>>,
    /// The service accounts of each namespace: those that are declared, and those that its workloads run as.
    accounts: BTreeMap<&'d str, BTreeSet<&'d str>>,
    /// The names among them, whatever the namespace.
    account_names: BTreeSet<&'d str>,
    /// Whether there are documents of namespaces.
    declares_namespaces: bool,
    /// All that are known.
    namespaces: BTreeSet<&'d str>,
    /// Where the workloads of each namespace are among all, by label.
    places: WorkloadIndex,
    /// Labels that kustomizations add to all that they contain.
    added: BTreeSet<(&'d str, &'d str)>,
}

impl<'d> Pod<'d> {
    fn of(document: &'d Document, applied: &AppliedFiles) -> Option<Self> {
        let node = &document.node;
        let kind = document.text("kind");
        let template = node
            .at(&["spec", "jobTemplate", "spec", "template"])
            .or_else(|| node.at(&["spec", "template"]))
            .or_else(|| (kind == "Pod").then_some(node))?;
        let (namespace, name) = (namespace(document), metadata(document, "name"));
        let account = template
            .at(&["spec", "serviceAccountName"])
            .or_else(|| template.at(&["spec", "serviceAccount"]))
            .and_then(Node::as_str);
        let labels = template.at(&["metadata", "labels"]);
        let containers = template.at(&["spec", "containers"]).and_then(Node::as_list);
        // A pod needs these to run: a patch has none.
        let is_whole = containers.is_some_and(|all| all.iter().any(|one| one.get("image").is_some()));
        (labels.is_some() || containers.is_some()).then(|| Self {
            title: format!("{kind} {namespace}/{name}"),
            name,
            namespace,
            given: applied
                .namespaces(&document.source.name)
                .into_iter()
                .map(str::to_owned)
                .collect(),
            is_unplaced: document.is_unplaced(),
            account: account.or(is_whole.then_some("default")),
            file: &document.source.name,
            labels,
            own_labels: node.at(&["metadata", "labels"]).filter(|_| kind != "Pod"),
        })
    }

    /// Whether it runs in a namespace, by itself or by a kustomization.
    pub(crate) fn is_in(&self, namespace: &str) -> bool {
        self.namespace == namespace && !self.is_unplaced || self.given.contains(namespace)
    }

    /// A label of the workload itself.
    pub(crate) fn own_label(&self, name: &str) -> Option<&'d str> {
        self.own_labels?.get(name)?.as_str()
    }

    pub(crate) fn label(&self, name: &str) -> Option<&'d str> {
        self.labels?.get(name)?.as_str()
    }

    /// Its labels.
    pub(crate) fn labels(&self) -> impl Iterator<Item = (&'d str, &'d str)> {
        let labels = self.labels.map(Node::entries).unwrap_or_default();
        labels
            .iter()
            .filter_map(|entry| Some((entry.name.as_str(), entry.value.as_str()?)))
    }
}

impl<'d> Inventory<'d> {
    pub(crate) fn of(others: &'d OtherDocuments) -> Self {
        let kustomizations = others.all().filter(|document| is_kustomization(document));
        let applied = AppliedFiles::of(others.all());
        let declared = others.of_kind("Namespace");
        let namespaces: BTreeSet<&'d str> = declared.map(|document| metadata(document, "name")).collect();
        let mut inventory = Self {
            pods: others
                .all()
                .filter_map(|document| Pod::of(document, &applied))
                .collect(),
            accounts: BTreeMap::new(),
            account_names: BTreeSet::new(),
            declares_namespaces: !namespaces.is_empty(),
            namespaces,
            places: WorkloadIndex::default(),
            added: kustomizations.flat_map(added).collect(),
        };
        let declared = others.of_kind("ServiceAccount");
        let declared = declared.map(|document| (namespace(document), metadata(document, "name")));
        let pods = inventory.pods.iter();
        let of_pods = pods.filter_map(|pod| Some((pod.namespace, pod.account?)));
        for (namespace, account) in declared.chain(of_pods) {
            inventory.accounts.entry(namespace).or_default().insert(account);
            inventory.account_names.insert(account);
            inventory.namespaces.insert(namespace);
        }
        for (number, pod) in inventory.pods.iter().enumerate() {
            inventory.namespaces.insert(pod.namespace);
            inventory.places.add(pod.namespace, pod.labels(), number);
            let given = pod.given.iter().filter(|given| *given != pod.namespace);
            given.for_each(|given| inventory.places.add(given, pod.labels(), number));
        }
        inventory
    }

    /// Whether a pod has all labels of a selector, or gets them from a kustomization.
    pub(crate) fn is_selected(&self, pod: &Pod<'_>, selector: &Selector) -> bool {
        let has = |(name, value): &(String, String)| {
            pod.label(name) == Some(value) || self.added.contains(&(name.as_str(), value.as_str()))
        };
        selector.match_labels.iter().all(has)
    }

    /// Whether there are documents of namespaces, so that others are most likely not there.
    pub(crate) fn declares_namespaces(&self) -> bool {
        self.declares_namespaces
    }

    /// Whether a namespace is declared, or has workloads or service accounts.
    pub(crate) fn has_namespace(&self, name: &str) -> bool {
        self.namespaces.contains(name)
    }

    /// All known namespaces.
    pub(crate) fn namespaces(&self) -> impl Iterator<Item = &'d str> {
        self.namespaces.iter().copied()
    }

    /// The workloads of a namespace.
    pub(crate) fn in_namespace(&self, name: &str) -> impl Iterator<Item = &Pod<'d>> {
        let places = self.places.selected(name, None).iter();
        places.map(|place| &self.pods[*place])
    }

    /// Whether a selector selects a workload of a namespace by its own labels.
    pub(crate) fn selects_in(&self, namespace: &str, selector: &Selector) -> bool {
        let places = self.places.selected(namespace, Some(selector)).iter();
        let mut pods = places.map(|place| &self.pods[*place]);
        pods.any(|pod| pod.is_in(namespace) && self.is_selected(pod, selector))
    }

    /// The workloads without a namespace.
    pub(crate) fn unplaced(&self) -> impl Iterator<Item = &Pod<'d>> {
        self.pods.iter().filter(|pod| pod.is_unplaced)
    }

    /// The service accounts of a namespace: those that are declared, and those that its workloads run as.
    pub(crate) fn accounts(&self, namespace: &str) -> Option<&BTreeSet<&'d str>> {
        self.accounts.get(namespace)
    }

    /// Whether a service account in any namespace has this name.
    pub(crate) fn has_account(&self, name: &str) -> bool {
        self.account_names.contains(name)
    }
}

fn is_kustomization(document: &Document) -> bool {
    let name = document.source.name.rsplit('/').next().unwrap_or_default();
    name.to_ascii_lowercase().starts_with("kustomization")
}

/// `commonLabels` and the pairs of `labels`
/// (<https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/labels/>).
fn added(document: &Document) -> Vec<(&str, &str)> {
    let common = document.node.get("commonLabels").map(Node::entries);
    let lists = document.node.get("labels").and_then(Node::as_list);
    let pairs = lists
        .unwrap_or_default()
        .iter()
        .filter_map(|list| Some(list.get("pairs")?.entries()));
    common
        .into_iter()
        .chain(pairs)
        .flatten()
        .filter_map(|entry| Some((entry.name.as_str(), entry.value.as_str()?)))
        .collect()
}

fn metadata<'d>(document: &'d Document, name: &str) -> &'d str {
    let found = document.node.at(&["metadata", name]).and_then(Node::as_str);
    found.unwrap_or_default()
}

fn namespace(document: &Document) -> &str {
    match metadata(document, "namespace") {
        "" => DEFAULT,
        given => given,
    }
}
