//! The namespaces, workloads and service accounts among the documents. Others may exist elsewhere.

use std::collections::BTreeSet;

use peerwarden_documents::documents::{Document, OtherDocuments};
use peerwarden_documents::kinds::DEFAULT;
use peerwarden_documents::yaml::Node;
use peerwarden_engine::resource::Selector;

/// A document of any kind that creates pods.
pub(crate) struct Pod<'d> {
    /// A title, such as `Deployment shop/orders`.
    pub(crate) title: String,
    pub(crate) name: &'d str,
    pub(crate) namespace: &'d str,
    /// Whether it has no namespace, so that it may be applied to any.
    pub(crate) is_unplaced: bool,
    /// Its service account; `None` for a patch, which is incomplete.
    pub(crate) account: Option<&'d str>,
    /// The file that contains it.
    pub(crate) file: &'d str,
    labels: Option<&'d Node>,
}

/// All names.
pub(crate) struct Inventory<'d> {
    pub(crate) pods: Vec<Pod<'d>>,
    /// Namespace and name of each `ServiceAccount`.
    accounts: BTreeSet<(&'d str, &'d str)>,
    /// The namespaces that `Namespace` documents declare.
    declared: BTreeSet<&'d str>,
    /// Labels that kustomizations add to everything that they contain.
    added: BTreeSet<(&'d str, &'d str)>,
}

impl<'d> Pod<'d> {
    fn of(document: &'d Document) -> Option<Self> {
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
            is_unplaced: is_unplaced(document),
            account: account.or(is_whole.then_some("default")),
            file: &document.source.name,
            labels,
        })
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
        let accounts = others.of_kind("ServiceAccount");
        let namespaces = others.of_kind("Namespace");
        let kustomizations = others.all().filter(|document| is_kustomization(document));
        Self {
            pods: others.all().filter_map(Pod::of).collect(),
            accounts: accounts
                .map(|document| (namespace(document), metadata(document, "name")))
                .collect(),
            declared: namespaces.map(|document| metadata(document, "name")).collect(),
            added: kustomizations.flat_map(added).collect(),
        }
    }

    /// Whether a pod has all labels of a selector, or gets them from a kustomization.
    pub(crate) fn is_selected(&self, pod: &Pod<'_>, selector: &Selector) -> bool {
        let has = |(name, value): &(String, String)| {
            pod.label(name) == Some(value) || self.added.contains(&(name.as_str(), value.as_str()))
        };
        selector.match_labels.iter().all(has)
    }

    /// Whether a namespace is declared, or has workloads or service accounts.
    pub(crate) fn has_namespace(&self, name: &str) -> bool {
        self.namespaces().any(|known| known == name)
    }

    /// All known namespaces.
    pub(crate) fn namespaces(&self) -> impl Iterator<Item = &'d str> {
        let of_pods = self.pods.iter().map(|pod| pod.namespace);
        let of_accounts = self.accounts.iter().map(|(namespace, _)| *namespace);
        of_pods.chain(of_accounts).chain(self.declared.iter().copied())
    }

    /// The workloads of a namespace.
    pub(crate) fn in_namespace(&self, name: &str) -> impl Iterator<Item = &Pod<'d>> {
        self.pods.iter().filter(move |pod| pod.namespace == name)
    }

    /// The workloads without a namespace.
    pub(crate) fn unplaced(&self) -> impl Iterator<Item = &Pod<'d>> {
        self.pods.iter().filter(|pod| pod.is_unplaced)
    }

    /// The service accounts of a namespace: those declared, and those that its workloads use.
    pub(crate) fn accounts(&self, namespace: &str) -> BTreeSet<&'d str> {
        let declared = self.accounts.iter().filter(|(of, _)| *of == namespace);
        let of_pods = self.in_namespace(namespace).filter_map(|pod| pod.account);
        declared.map(|(_, name)| *name).chain(of_pods).collect()
    }

    /// Whether a service account in any namespace has this name.
    pub(crate) fn has_account(&self, name: &str) -> bool {
        let declared = self.accounts.iter().any(|(_, known)| *known == name);
        declared || self.pods.iter().any(|pod| pod.account == Some(name))
    }
}

/// Whether its namespace is only the default, which has no place in the text.
fn is_unplaced(document: &Document) -> bool {
    let Some(metadata) = document.node.entry("metadata") else {
        return true;
    };
    match metadata.value.entry("namespace") {
        None => true,
        Some(namespace) => {
            namespace.name_location == metadata.name_location && namespace.value.as_str() == Some(DEFAULT)
        }
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
