//! The namespace of a document that names none: from the settings, from a kustomization, or the default.

use std::path::Path;

use crate::documents::Document;
use crate::kinds::DEFAULT;
use crate::kustomizations::Kustomizations;
use crate::repository::Repository;
use crate::yaml::{Entry, Node, Tree};

/// The kinds that need no namespace.
const OF_CLUSTERS: [&str; 2] = ["Namespace", "Kustomization"];

/// Sources of namespaces, in order of precedence: `peerwarden.toml`, a kustomization, `--namespace`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Namespaces<'r> {
    pub(crate) repository: &'r Repository,
    pub(crate) kustomizations: &'r Kustomizations,
    pub(crate) given: Option<&'r str>,
}

impl Namespaces<'_> {
    /// Gives a document of this file a namespace if it has none; returns whether it is `default` only because nothing
    /// else was set.
    pub(crate) fn give(&self, document: &mut Document, file: &Path) -> bool {
        if OF_CLUSTERS.contains(&document.text("kind")) {
            return false;
        }
        let Tree::Object(entries) = &mut document.node.tree else {
            return false;
        };
        let Some(metadata) = entries.iter_mut().find(|entry| entry.name == "metadata") else {
            return false;
        };
        let location = metadata.name_location;
        let Tree::Object(fields) = &mut metadata.value.tree else {
            return false;
        };
        // An empty or null namespace is an error, which is reported.
        if fields.iter().any(|field| field.name == "namespace") {
            return false;
        }
        let known = self.repository.namespace(file);
        let known = known
            .or_else(|| self.kustomizations.namespace(file))
            .or(self.given);
        fields.push(Entry {
            name: "namespace".to_owned(),
            name_location: location,
            value: Node {
                location,
                tree: Tree::String(known.unwrap_or(DEFAULT).to_owned()),
            },
        });
        known.is_none()
    }
}
