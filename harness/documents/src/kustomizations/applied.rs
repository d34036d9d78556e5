//! Which files a kustomization applies together: its resources, and those of the kustomizations that it names.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::{is_kustomization, list};
use crate::documents::Document;
use crate::repository::plain;
use crate::yaml::Node;

/// The fields that name files and folders
/// (<https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/>).
const FIELDS: [&str; 3] = ["resources", "bases", "components"];

/// What each kustomization applies.
#[derive(Debug, Default)]
pub struct AppliedFiles {
    /// The folder of each kustomization, with the files that it applies, also through others.
    files: BTreeMap<PathBuf, BTreeSet<PathBuf>>,
    /// The same folder, with the namespace that the kustomization gives, whatever the documents say.
    namespaces: BTreeMap<PathBuf, String>,
}

impl AppliedFiles {
    /// Those of the kustomizations among these documents.
    pub fn of<'d>(documents: impl Iterator<Item = &'d Document>) -> Self {
        let mut named: BTreeMap<PathBuf, Vec<PathBuf>> = BTreeMap::new();
        let mut namespaces = BTreeMap::new();
        for document in documents.filter(|document| is_kustomization(Path::new(&document.source.name))) {
            let folder = document.source.folder();
            let resources = FIELDS.iter().flat_map(|field| list(document, field));
            let paths = resources
                .filter_map(Node::as_str)
                .map(|path| plain(&folder.join(path)));
            named.entry(plain(folder)).or_default().extend(paths);
            let namespace = document.text("namespace");
            if !namespace.is_empty() {
                namespaces.insert(plain(folder), namespace.to_owned());
            }
        }
        let reached = |folder: &PathBuf| (folder.clone(), reached(&named, folder));
        Self {
            files: named.keys().map(reached).collect(),
            namespaces,
        }
    }

    /// The namespaces that kustomizations give the documents of a file: an overlay gives its own to those of its base.
    pub fn namespaces(&self, file: &str) -> BTreeSet<&str> {
        let file = plain(Path::new(file));
        let applies = |(folder, _): &(&PathBuf, &String)| {
            self.files.get(*folder).is_some_and(|files| files.contains(&file))
        };
        let given = self.namespaces.iter().filter(applies);
        given.map(|(_, namespace)| namespace.as_str()).collect()
    }

    /// Whether one kustomization applies both files.
    pub fn are_together(&self, one: &str, other: &str) -> bool {
        let (one, other) = (plain(Path::new(one)), plain(Path::new(other)));
        let mut files = self.files.values();
        files.any(|files| files.contains(&one) && files.contains(&other))
    }
}

/// All that a kustomization leads to.
fn reached(named: &BTreeMap<PathBuf, Vec<PathBuf>>, folder: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    let mut open = vec![folder.to_owned()];
    while let Some(path) = open.pop() {
        if found.insert(path.clone()) {
            open.extend(named.get(&path).into_iter().flatten().cloned());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documents;
    use crate::source::Source;

    #[test]
    fn a_kustomization_applies_what_it_names() {
        let texts = [
            ("base/kustomization.yaml", "resources: [a.yaml, b.yaml]\n"),
            (
                "overlays/dev/kustomization.yaml",
                "namespace: dev\nresources: [../../base, ./c.yaml]\n",
            ),
            (
                "overlays/prod/kustomization.yaml",
                "bases: [../../base]\nresources: [c.yaml]\n",
            ),
            // A circle ends.
            ("x/kustomization.yaml", "resources: [../y]\n"),
            ("y/kustomization.yaml", "resources: [../x, d.yaml]\n"),
        ];
        let documents: Vec<Document> = texts
            .iter()
            .flat_map(|(name, text)| documents::all(&Source::new(*name, *text)).unwrap())
            .collect();
        let applied = AppliedFiles::of(documents.iter());
        for (one, other, together) in [
            ("base/a.yaml", "base/b.yaml", true),
            ("./base/a.yaml", "overlays/dev/c.yaml", true),
            ("overlays/dev/c.yaml", "overlays/prod/c.yaml", false),
            ("base/a.yaml", "base/other.yaml", false),
            ("y/d.yaml", "y/d.yaml", true),
        ] {
            assert_eq!(applied.are_together(one, other), together, "{one} {other}");
        }
        assert_eq!(applied.namespaces("base/a.yaml"), BTreeSet::from(["dev"]));
        assert!(applied.namespaces("y/d.yaml").is_empty());
    }
}
