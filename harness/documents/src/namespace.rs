//! The namespace of a document that names none: what a kustomization gives it, or `default`, as for `kubectl apply`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use crate::documents::{self, Document};
use crate::files;
use crate::source::Source;
use crate::yaml::{Entry, Node, Tree};

/// The names of a kustomization
/// (<https://kubectl.docs.kubernetes.io/references/kustomize/glossary/#kustomization>).
const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// What kubectl takes where nothing says otherwise.
pub const DEFAULT: &str = "default";

/// The kinds that read a namespace here and in lints, where `default` is meant.
const OF_CLUSTERS: [&str; 2] = ["Namespace", "Kustomization"];

/// The namespaces that kustomizations give to files and folders.
#[derive(Debug, Default)]
pub struct Namespaces {
    /// By the path that `resources` names.
    given: BTreeMap<PathBuf, BTreeSet<String>>,
}

impl Namespaces {
    /// Of the kustomizations among these files, and beside them.
    pub fn of(files: &[PathBuf]) -> Self {
        let mut found = Self::default();
        let folders: BTreeSet<&Path> = files.iter().filter_map(|file| file.parent()).collect();
        for folder in folders {
            for name in NAMES {
                let file = folder.join(name);
                if file.is_file()
                    && let Ok(source) = files::read(&file)
                {
                    found.add(&source, folder);
                }
            }
        }
        found
    }

    fn add(&mut self, source: &Arc<Source>, folder: &Path) {
        for document in documents::all(source).unwrap_or_default() {
            let namespace = document.text("namespace");
            if namespace.is_empty() {
                continue;
            }
            let resources = document.node.get("resources").and_then(Node::as_list);
            for resource in resources.unwrap_or_default().iter().filter_map(Node::as_str) {
                let path = plain(&folder.join(resource));
                self.given.entry(path).or_default().insert(namespace.to_owned());
            }
        }
    }

    /// That of a file: of the nearest folder that one gives a namespace, if it gives only one.
    fn of_file(&self, file: &Path) -> &str {
        let file = plain(file);
        let mut given = file.ancestors().filter_map(|path| self.given.get(path));
        match given.next() {
            Some(names) if names.len() == 1 => names.first().map_or(DEFAULT, String::as_str),
            Some(_) | None => DEFAULT,
        }
    }

    /// Gives a document of this file a namespace if it has none; whether it is `default`.
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
        // One that is empty or null is a mistake, and told.
        if fields.iter().any(|field| field.name == "namespace") {
            return false;
        }
        let namespace = self.of_file(file);
        fields.push(Entry {
            name: "namespace".to_owned(),
            name_location: location,
            value: Node {
                location,
                tree: Tree::String(namespace.to_owned()),
            },
        });
        namespace == DEFAULT
    }
}

/// The path without `.` and `..`, as far as it goes.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if plain.file_name().is_some() => {
                plain.pop();
            }
            Component::ParentDir | Component::Normal(_) | Component::RootDir | Component::Prefix(_) => {
                plain.push(part);
            }
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn namespaces(files: &[(&str, &str)]) -> Namespaces {
        let mut found = Namespaces::default();
        for (folder, text) in files {
            found.add(&Source::new("kustomization.yaml", *text), Path::new(folder));
        }
        found
    }

    #[test]
    fn a_kustomization_gives_its_namespace_to_its_resources() {
        let found = namespaces(&[
            ("app", "namespace: shop\nresources: [policy.yaml, ./extra]\n"),
            ("overlays/one", "namespace: one\nresources: [../../base]\n"),
            ("overlays/two", "namespace: two\nresources: [../../both]\n"),
            ("overlays/three", "namespace: three\nresources: [../../both]\n"),
            ("none", "resources: [a.yaml]\n"),
        ]);
        for (file, namespace) in [
            ("app/policy.yaml", "shop"),
            ("./app/policy.yaml", "shop"),
            ("app/extra/deep/a.yaml", "shop"),
            ("app/other.yaml", DEFAULT),
            ("base/a.yaml", "one"),
            // Of two, neither is meant.
            ("both/a.yaml", DEFAULT),
            ("none/a.yaml", DEFAULT),
        ] {
            assert_eq!(found.of_file(Path::new(file)), namespace, "{file}");
        }
    }
}
