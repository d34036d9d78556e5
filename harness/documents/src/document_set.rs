//! The documents of a repository, by what they are for.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::documents::{Document, Others, all};
use crate::namespace::Namespaces;
use crate::source::Source;

/// All documents of some texts: those that decide, and the others.
#[derive(Debug, Clone, Default)]
pub struct DocumentSet {
    /// Documents that decide.
    pub policies: Vec<Document>,
    /// All other documents.
    pub others: Others,
    /// What nothing here reads.
    pub passed_over: PassedOver,
    /// How many policies name no namespace, and are of `default`.
    pub of_default: usize,
}

/// What is for other tools.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PassedOver {
    /// Documents without anything of Kubernetes.
    pub documents: usize,
    /// Files that are no YAML and hold no policy, with what is wrong.
    pub unreadable: Vec<(PathBuf, String)>,
    /// Charts, whose templates become documents only when Helm renders them.
    pub charts: Vec<PathBuf>,
}

impl DocumentSet {
    /// Adds the documents of one text. Of a file that was named, a document that says nothing of its kind is taken for a policy, so that
    /// a mistake is told; folders hold documents of all shapes.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn add(
        &mut self,
        source: &Arc<Source>,
        namespaces: &Namespaces,
        is_named: bool,
    ) -> Result<(), Diagnostic> {
        for mut document in all(source)? {
            let is_of_default = namespaces.give(&mut document, Path::new(&source.name));
            if document.decides() || is_named && document.is_meant() {
                self.of_default += usize::from(is_of_default);
                self.policies.push(document);
            } else {
                if !document.is_of_kubernetes() {
                    self.passed_over.documents += 1;
                }
                self.others.0.push(document);
            }
        }
        Ok(())
    }
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
        read.add(&Source::new("all.yaml", MANIFESTS), &Namespaces::default(), false)
            .unwrap();
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
        assert!(
            read.add(
                &Source::new("bad.yaml", "kind: Pod\n---\n: ["),
                &Namespaces::default(),
                false
            )
            .is_err()
        );
        assert!(read.policies.is_empty());
        assert_eq!(read.others.workloads().count(), 0);
    }
}
