//! Reads from `kustomization.yaml` files the namespace of resources, and which files are patches.

mod applied;

pub use applied::AppliedFiles;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::documents::{self, Document};
use crate::files;
use crate::repository::plain;
use crate::source::Source;
use crate::yaml::Node;

/// The file names of a kustomization
/// (<https://kubectl.docs.kubernetes.io/references/kustomize/glossary/#kustomization>).
const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// Whether a file has the name of a kustomization.
pub(crate) fn is_kustomization(file: &Path) -> bool {
    NAMES.iter().any(|name| file.ends_with(name))
}

/// The contents of kustomizations.
#[derive(Debug, Default)]
pub struct Kustomizations {
    /// The namespaces that they set, by the paths in `resources`.
    given: BTreeMap<PathBuf, BTreeSet<String>>,
    /// Files that change other documents, with the folder of the kustomization.
    patches: BTreeMap<PathBuf, PathBuf>,
}

impl Kustomizations {
    /// Reads the kustomizations among these files, and beside them.
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
            if !namespace.is_empty() {
                for resource in list(&document, "resources").filter_map(Node::as_str) {
                    let path = plain(&folder.join(resource));
                    self.given.entry(path).or_default().insert(namespace.to_owned());
                }
            }
            // <https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/patches/>
            let in_files = ["patches", "patchesJson6902"].into_iter();
            let in_files = in_files
                .flat_map(|name| list(&document, name))
                .filter_map(|patch| patch.get("path")?.as_str());
            let merged = list(&document, "patchesStrategicMerge").filter_map(Node::as_str);
            for patch in in_files.chain(merged) {
                self.patches.insert(plain(&folder.join(patch)), folder.to_owned());
            }
        }
    }

    /// The namespace of a file: that of the nearest folder with a namespace, if it is unambiguous.
    pub(crate) fn namespace(&self, file: &Path) -> Option<&str> {
        let file = plain(file);
        let given = file.ancestors().find_map(|path| self.given.get(path))?;
        given.first().filter(|_| given.len() == 1).map(String::as_str)
    }

    /// The folder of the kustomization that applies this file as a patch.
    pub(crate) fn patched(&self, file: &Path) -> Option<&Path> {
        self.patches.get(&plain(file)).map(PathBuf::as_path)
    }
}

fn list<'d>(document: &'d Document, name: &str) -> impl Iterator<Item = &'d Node> {
    let list = document.node.get(name).and_then(Node::as_list);
    list.unwrap_or_default().iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kustomizations(files: &[(&str, &str)]) -> Kustomizations {
        let mut found = Kustomizations::default();
        for (folder, text) in files {
            found.add(&Source::new("kustomization.yaml", *text), Path::new(folder));
        }
        found
    }

    #[test]
    fn a_kustomization_gives_its_namespace_to_its_resources() {
        let found = kustomizations(&[
            ("app", "namespace: shop\nresources: [policy.yaml, ./extra]\n"),
            ("overlays/one", "namespace: one\nresources: [../../base]\n"),
            ("overlays/two", "namespace: two\nresources: [../../both]\n"),
            ("overlays/three", "namespace: three\nresources: [../../both]\n"),
            ("none", "resources: [a.yaml]\n"),
        ]);
        for (file, namespace) in [
            ("app/policy.yaml", Some("shop")),
            ("./app/policy.yaml", Some("shop")),
            ("app/extra/deep/a.yaml", Some("shop")),
            ("app/other.yaml", None),
            ("base/a.yaml", Some("one")),
            // With two of them it is ambiguous.
            ("both/a.yaml", None),
            ("none/a.yaml", None),
        ] {
            assert_eq!(found.namespace(Path::new(file)), namespace, "{file}");
        }
    }

    #[test]
    fn a_kustomization_names_its_patches() {
        let found = kustomizations(&[(
            "overlays/dev",
            "patches:\n- path: a.yaml\n- patch: |-\n    - op: remove\npatchesStrategicMerge: [../b.yaml, \"a: {}\"]\n",
        )]);
        let folder = Some(Path::new("overlays/dev"));
        assert_eq!(found.patched(Path::new("overlays/dev/a.yaml")), folder);
        assert_eq!(found.patched(Path::new("./overlays/b.yaml")), folder);
        assert_eq!(found.patched(Path::new("overlays/dev/c.yaml")), None);
    }
}
