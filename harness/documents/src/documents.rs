//! Policy documents from files and folders.

use std::path::Path;
use std::sync::Arc;

use peerwarden_engine::document::Step;

use crate::diagnostic::Diagnostic;
use crate::source::{Place, Source};
use crate::yaml::{self, Node};

/// The group of the documents that decide something.
pub const GROUP: &str = "security.istio.io/";

/// The kinds of that group.
const KINDS: [&str; 3] = [
    "AuthorizationPolicy",
    "PeerAuthentication",
    "RequestAuthentication",
];

/// What a document has that is, or was meant to be, of Kubernetes; also what stands in a `spec` that somebody wrote without the rest.
const MARKS: [&str; 9] = [
    "apiVersion",
    "kind",
    "metadata",
    "spec",
    "items",
    "selector",
    "action",
    "rules",
    "mtls",
];

/// The kinds that run pods: of these too, what the API server lists may be of one kind.
const WORKLOADS: [&str; 8] = [
    "Deployment",
    "StatefulSet",
    "DaemonSet",
    "ReplicaSet",
    "Job",
    "CronJob",
    "Pod",
    "ReplicationController",
];

/// Documents that decide nothing, and that some lints know how to read: workloads and what else stands beside policies.
#[derive(Debug, Clone, Default)]
pub struct Others(Vec<Document>);

impl Others {
    /// Those of a kind.
    pub fn of_kind<'o>(&'o self, kind: &'o str) -> impl Iterator<Item = &'o Document> {
        self.0
            .iter()
            .filter(move |document| document.text("kind") == kind)
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &Document> {
        self.0.iter()
    }

    /// Those that run pods.
    pub fn workloads(&self) -> impl Iterator<Item = &Document> {
        self.0
            .iter()
            .filter(|document| WORKLOADS.contains(&document.text("kind")))
    }
}

/// All documents of some texts: those that decide, and the others.
#[derive(Debug, Clone, Default)]
pub struct DocumentSet {
    /// Documents that decide.
    pub policies: Vec<Document>,
    /// All other documents.
    pub others: Others,
}

impl DocumentSet {
    /// Adds the documents of one text.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn add(&mut self, source: &Arc<Source>) -> Result<(), Diagnostic> {
        for document in all(source)? {
            if document.decides() {
                self.policies.push(document);
            } else {
                self.others.0.push(document);
            }
        }
        Ok(())
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
    /// The place of what the engine calls `path`.
    pub fn place(&self, path: &[Step], on_key: bool) -> Place {
        Place {
            source: Arc::clone(&self.source),
            span: self.node.find(path, on_key, &self.source.text),
        }
    }

    /// The text of a field, empty when there is none.
    pub fn text(&self, name: &str) -> &str {
        self.node.get(name).and_then(Node::as_str).unwrap_or_default()
    }

    /// Whether it is for peerwarden; a folder of manifests holds much else.
    fn decides(&self) -> bool {
        if self.text("kind") == "List" && self.text("apiVersion") == "v1" {
            return true;
        }
        let api_version = self.text("apiVersion");
        // What says no version at all, or misspells the group, is a mistake that the engine explains: a policy that is
        // left out in silence protects nothing. Other projects have kinds of the same names.
        let misspelt = KINDS.contains(&self.text("kind")) && api_version.contains("istio");
        api_version.is_empty() || api_version.starts_with(GROUP) || misspelt
    }

    /// Whether it has anything of a Kubernetes document: a folder also holds the settings of other tools, which have not, while a policy
    /// whose `apiVersion` is missing or misspelt still has its other parts.
    pub fn is_of_kubernetes(&self) -> bool {
        let entries = self.node.entries();
        entries.is_empty() || MARKS.iter().any(|mark| self.node.get(mark).is_some())
    }

    /// The items of a `List`, or of a list of one kind that is read, each a document of its own; any other document is
    /// itself.
    pub(crate) fn flatten(self, into: &mut Vec<Document>) {
        let kind = self.node.get("kind").and_then(Node::as_str).unwrap_or_default();
        let of = kind.strip_suffix("List");
        let is_list = of.is_some_and(|of| of.is_empty() || KINDS.contains(&of) || WORKLOADS.contains(&of));
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

/// Whether the name is that of a test suite.
pub fn is_suite(path: &Path) -> bool {
    ends_with(path, ["_test.yaml", "_test.yml", "_test.json"])
}

/// Whether the name is that of what several suites have in common.
pub fn is_fixtures(path: &Path) -> bool {
    ends_with(path, ["_fixtures.yaml", "_fixtures.yml", "_fixtures.json"])
}

/// Whether the name may be that of policies.
pub fn is_policies(path: &Path) -> bool {
    !is_suite(path) && !is_fixtures(path)
}

fn ends_with(path: &Path, endings: [&str; 3]) -> bool {
    let name = path
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default();
    endings.iter().any(|ending| name.ends_with(ending))
}

/// The policy documents in one text.
///
/// # Errors
/// What is wrong with the text.
pub fn read(source: &Arc<Source>) -> Result<Vec<Document>, Diagnostic> {
    let mut read = DocumentSet::default();
    read.add(source)?;
    Ok(read.policies)
}

/// All documents in one text, of whatever kind.
///
/// # Errors
/// What is wrong with the text.
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

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFESTS: &str = "\
apiVersion: apps/v1
kind: Deployment
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
---
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Service}
- {apiVersion: security.istio.io/v1, kind: AuthorizationPolicy}
---
apiVersion: batch/v1
kind: JobList
items: [{apiVersion: batch/v1, kind: Job}]
";

    #[test]
    fn what_decides_is_apart_from_the_others() {
        let mut read = DocumentSet::default();
        read.add(&Source::new("all.yaml", MANIFESTS)).unwrap();
        let policies: Vec<&str> = read
            .policies
            .iter()
            .map(|document| document.text("kind"))
            .collect();
        assert_eq!(policies, ["PeerAuthentication", "AuthorizationPolicy"]);
        let workloads: Vec<&str> = read
            .others
            .workloads()
            .map(|document| document.text("kind"))
            .collect();
        assert_eq!(workloads, ["Deployment", "Job"]);
        assert_eq!(read.others.of_kind("Service").count(), 1);
    }

    #[test]
    fn a_text_that_cannot_be_read_adds_nothing() {
        let mut read = DocumentSet::default();
        assert!(read.add(&Source::new("bad.yaml", "kind: Pod\n---\n: [")).is_err());
        assert!(read.policies.is_empty());
        assert_eq!(read.others.workloads().count(), 0);
    }
}
