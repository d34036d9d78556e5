//! The documents of a repository, by purpose.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::documents::{Document, OtherDocuments, all};
use crate::namespace::Namespaces;
use crate::source::Source;
use crate::templates::Template;

/// All documents of some texts: policies and others.
#[derive(Debug, Clone, Default)]
pub struct DocumentSet {
    /// Policies.
    pub policies: Vec<Document>,
    /// All other documents.
    pub others: OtherDocuments,
    /// How many files were looked at.
    pub files: usize,
    /// What nothing here reads.
    pub passed_over: PassedOverFiles,
    /// How many policies name no namespace, and so are in `default`.
    pub of_default: usize,
}

/// Files and other things that were skipped.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PassedOverFiles {
    /// Files in which no document is of a known kind.
    pub files: Vec<PathBuf>,
    /// Files that are not YAML and mention no policy, each with the error.
    pub unreadable: Vec<(PathBuf, String)>,
    /// Folders with templates of ytt, which are among the unreadable files.
    pub ytt: BTreeSet<PathBuf>,
    /// Files and folders that cannot be opened, with the reason: whether they hold policies is unknown.
    pub closed: Vec<(PathBuf, String)>,
    /// Links to folders, which are not followed, and broken links.
    pub links: Vec<PathBuf>,
    /// Helm charts, whose templates become documents only when Helm renders them.
    pub charts: Vec<Chart>,
    /// Patches of policies, each with the folder of the kustomization that applies it.
    pub patches: Vec<(PathBuf, PathBuf)>,
}

/// A Helm chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chart {
    /// Its folder.
    pub folder: PathBuf,
    /// Whether a template mentions a policy.
    pub has_policies: bool,
}

impl PassedOverFiles {
    /// Adds a template.
    pub(crate) fn add_template(&mut self, file: &Path, template: &Template) {
        self.unreadable
            .push((file.to_owned(), template.reason().to_owned()));
        match template {
            Template::Helm(folder) => match self.charts.iter_mut().find(|chart| chart.folder == *folder) {
                Some(chart) => chart.has_policies = true,
                None => self.charts.push(Chart {
                    folder: folder.clone(),
                    has_policies: true,
                }),
            },
            Template::Ytt => {
                let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
                self.ytt.insert(folder.unwrap_or(Path::new(".")).to_owned());
            }
            Template::Go | Template::Generator => {}
        }
    }
}

impl DocumentSet {
    /// Adds the documents of one text. In a file that was named, a document without a version that has the fields of a policy counts as
    /// one, so that the mistake is reported; in folders, documents of any shape are normal.
    ///
    /// # Errors
    ///
    /// If the text is invalid.
    pub(crate) fn add(
        &mut self,
        source: &Arc<Source>,
        namespaces: &Namespaces<'_>,
        is_named: bool,
    ) -> Result<(), Diagnostic> {
        let mut is_read = false;
        for mut document in all(source)? {
            // A patch that takes a resource away, wherever it is named
            // (<https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/patches/>).
            if document.text("$patch") == "delete" {
                let file = PathBuf::from(&source.name);
                self.passed_over
                    .patches
                    .push((file.clone(), source.folder().to_owned()));
                is_read = true;
                continue;
            }
            let is_of_default = namespaces.give(&mut document, Path::new(&source.name));
            if document.decides() || is_named && document.is_meant() {
                is_read = true;
                self.of_default += usize::from(is_of_default);
                self.policies.push(document);
            } else {
                is_read |= document.is_beside_policies();
                self.others.push(document);
            }
        }
        if !is_read {
            self.passed_over.files.push(PathBuf::from(&source.name));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kustomizations::Kustomizations;
    use crate::repository::Repository;

    fn add(set: &mut DocumentSet, name: &str, text: &str) -> Result<(), Diagnostic> {
        let namespaces = Namespaces {
            repository: &Repository::default(),
            kustomizations: &Kustomizations::default(),
            given: None,
        };
        set.add(&Source::new(name, text), &namespaces, false)
    }

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
        add(&mut read, "all.yaml", MANIFESTS).unwrap();
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
        assert!(add(&mut read, "bad.yaml", "kind: Pod\n---\n: [").is_err());
        assert!(read.policies.is_empty());
        assert_eq!(read.others.workloads().count(), 0);
    }
}
