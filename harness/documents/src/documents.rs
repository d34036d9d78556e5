//! Policy documents from files and folders.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use peerwarden_engine::document::{Step, nearest};

use crate::diagnostic::Diagnostic;
pub use crate::kinds::GROUP;
use crate::kinds::{DECIDING, DEFAULT, WORKLOADS, is_beside_policies};
use crate::source::{Place, Source};
use crate::yaml::{self, Node, Tree};

/// The parts of a rule of an `AuthorizationPolicy`.
const OF_RULES: [&str; 3] = ["from", "to", "when"];

/// Documents that decide nothing but that some lints read, such as workloads.
#[derive(Debug, Clone, Default)]
pub struct OtherDocuments {
    documents: Vec<Document>,
    index: OnceLock<Index>,
}

/// Where the documents of each kind are, and of each kind and namespace: a repository has thousands of both.
#[derive(Debug, Clone, Default)]
struct Index {
    by_kind: BTreeMap<String, Vec<usize>>,
    by_namespace: BTreeMap<(String, String), Vec<usize>>,
}

impl OtherDocuments {
    pub(crate) fn of(documents: Vec<Document>) -> Self {
        Self {
            documents,
            index: OnceLock::new(),
        }
    }

    pub(crate) fn push(&mut self, document: Document) {
        self.documents.push(document);
        self.index.take();
    }

    /// Those of a kind that lints read: files in folders with other kinds alone are skipped.
    pub fn of_kind(&self, kind: &str) -> impl Iterator<Item = &Document> + use<'_> {
        debug_assert!(is_beside_policies(kind), "add `{kind}` to `kinds.rs`");
        let places = self.index().by_kind.get(kind).into_iter().flatten();
        places.filter_map(|place| self.documents.get(*place))
    }

    /// The same in one namespace.
    pub fn of_namespace(&self, kind: &str, namespace: &str) -> impl Iterator<Item = &Document> {
        debug_assert!(is_beside_policies(kind), "add `{kind}` to `kinds.rs`");
        let places = self
            .index()
            .by_namespace
            .get(&(kind.to_owned(), namespace.to_owned()));
        let places = places.into_iter().flatten();
        places.filter_map(|place| self.documents.get(*place))
    }

    fn index(&self) -> &Index {
        self.index.get_or_init(|| {
            let mut index = Index::default();
            for (place, document) in self.documents.iter().enumerate() {
                let namespace = document.node.at(&["metadata", "namespace"]);
                let namespace = namespace.and_then(Node::as_str).unwrap_or(DEFAULT);
                let kind = document.text("kind");
                index.by_kind.entry(kind.to_owned()).or_default().push(place);
                let key = (kind.to_owned(), namespace.to_owned());
                index.by_namespace.entry(key).or_default().push(place);
            }
            index
        })
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &Document> {
        self.documents.iter()
    }

    /// All of them, owned.
    pub(crate) fn into_all(self) -> impl Iterator<Item = Document> {
        self.documents.into_iter()
    }

    /// Documents that run pods.
    pub fn workloads(&self) -> impl Iterator<Item = &Document> {
        self.documents
            .iter()
            .filter(|document| WORKLOADS.contains(&document.text("kind")))
    }
}

/// One document, with the text that it is in.
#[derive(Debug, Clone)]
pub struct Document {
    /// The text.
    pub source: Arc<Source>,
    /// The tree.
    pub node: Node,
}

impl Document {
    /// The place of `path`, a path in the engine's terms.
    pub fn place(&self, path: &[Step], on_key: bool) -> Place {
        Place {
            source: Arc::clone(&self.source),
            span: self.node.find(path, on_key, &self.source.text),
        }
    }

    /// The text of a field; empty if there is none.
    pub fn text(&self, name: &str) -> &str {
        self.node.get(name).and_then(Node::as_str).unwrap_or_default()
    }

    /// Whether its namespace is what is taken for one that names none: it has no place of its own in the text.
    pub fn is_unplaced(&self) -> bool {
        let Some(metadata) = self.node.entry("metadata") else {
            return true;
        };
        match metadata.value.entry("namespace") {
            None => true,
            Some(namespace) => {
                namespace.name_location == metadata.name_location && namespace.value.as_str() == Some(DEFAULT)
            }
        }
    }

    /// Whether it is a policy, or was meant to be: a policy that is silently skipped protects nothing. Other projects
    /// have kinds of the same names.
    pub(crate) fn decides(&self) -> bool {
        let is_kind = |node: &Node| {
            let kind = node.get("kind").and_then(Node::as_str);
            kind.is_some_and(|kind| DECIDING.contains(&kind))
        };
        let api_version = self.text("apiVersion");
        let is_of_istio = api_version.is_empty() || api_version.contains("istio");
        let in_a_list = || self.node.as_list().is_some_and(|items| items.iter().any(is_kind));
        api_version.starts_with(GROUP) || is_kind(&self.node) && is_of_istio || in_a_list()
    }

    /// Whether it lacks its version, and has a misspelt kind or none, but the fields of a policy, also without `spec` around them. The
    /// rules of others, of CI or alerts, have other parts.
    pub(crate) fn is_meant(&self) -> bool {
        if self.node.get("apiVersion").is_some() {
            return false;
        }
        let kind = self.text("kind");
        let is_rule = |rule: &Node| {
            let mut parts = rule.entries().iter();
            matches!(rule.tree, Tree::Object(_)) && parts.all(|part| OF_RULES.contains(&part.name.as_str()))
        };
        let has_fields = |spec: &Node| {
            let rules = spec.get("rules").and_then(Node::as_list);
            let has_rules = rules.is_some_and(|rules| !rules.is_empty() && rules.iter().all(is_rule));
            has_rules || spec.get("mtls").is_some() || spec.get("jwtRules").is_some()
        };
        if kind.is_empty() {
            has_fields(self.node.get("spec").unwrap_or(&self.node))
        } else {
            nearest(kind, DECIDING).is_some()
        }
    }

    /// Whether it has the group of policies, and the kind of something else, such as a `ServiceEntry`: kubectl refuses it, and it decides nothing.
    pub fn is_of_another_kind(&self) -> bool {
        self.text("apiVersion").starts_with(GROUP) && self.is_beside_policies()
    }

    /// Whether lints read it, although it is not a policy.
    pub(crate) fn is_beside_policies(&self) -> bool {
        is_beside_policies(self.text("kind"))
    }

    /// The pod, or the template of the pods, that a workload runs.
    pub fn pod(&self) -> Option<&Node> {
        match self.text("kind") {
            "Pod" => Some(&self.node),
            "CronJob" => self.node.at(&["spec", "jobTemplate", "spec", "template"]),
            kind if WORKLOADS.contains(&kind) => self.node.at(&["spec", "template"]),
            _ => None,
        }
    }

    /// Splits a `List`, or a list of a known kind, into its items; any other document is returned unchanged.
    pub(crate) fn flatten(self, into: &mut Vec<Document>) {
        let kind = self.node.get("kind").and_then(Node::as_str).unwrap_or_default();
        let of = kind.strip_suffix("List");
        let is_list = of.is_some_and(|of| of.is_empty() || DECIDING.contains(&of) || WORKLOADS.contains(&of));
        match self.node.get("items").and_then(Node::as_list).filter(|_| is_list) {
            Some(items) => {
                for item in items {
                    let item = Document {
                        source: Arc::clone(&self.source),
                        node: item.clone(),
                    };
                    item.flatten(into);
                }
            }
            None => into.push(self),
        }
    }
}

/// All documents in one text, of any kind.
///
/// # Errors
///
/// If the text is invalid.
pub fn all(source: &Arc<Source>) -> Result<Vec<Document>, Diagnostic> {
    let mut documents = Vec::new();
    for node in yaml::documents(source)? {
        let document = Document {
            source: Arc::clone(source),
            node,
        };
        document.flatten(&mut documents);
    }
    Ok(documents)
}
