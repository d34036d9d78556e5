//! The identity of a document in a cluster: kind, namespace and name.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::documents::Document;
use crate::yaml::Node;

/// A kind, a namespace and a name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Identity {
    kind: String,
    namespace: String,
    name: String,
}

impl Identity {
    /// The identity of a document; `None` if it has no name.
    pub fn of(document: &Document) -> Option<Self> {
        let metadata = |name| document.node.at(&["metadata", name]).and_then(Node::as_str);
        Some(Self {
            kind: document.text("kind").to_owned(),
            namespace: metadata("namespace").unwrap_or_default().to_owned(),
            name: metadata("name")?.to_owned(),
        })
    }
}

impl std::fmt::Display for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}/{}", self.kind, self.namespace, self.name)
    }
}

/// Documents of one name that do not say the same, in the order in which they are applied.
#[derive(Debug)]
pub struct SameName<'d> {
    /// Their name.
    pub identity: Identity,
    /// Two or more.
    pub documents: Vec<&'d Document>,
}

impl<'d> SameName<'d> {
    /// All that there are. Documents that say the same are one.
    pub fn all(documents: impl Iterator<Item = &'d Document>) -> Vec<Self> {
        let mut by_identity: BTreeMap<Identity, Vec<&Document>> = BTreeMap::new();
        for document in documents {
            if let Some(identity) = Identity::of(document) {
                let known = by_identity.entry(identity).or_default();
                if !known.iter().any(|known| says_the_same(known, document)) {
                    known.push(document);
                }
            }
        }
        let several = by_identity
            .into_iter()
            .filter(|(_, documents)| documents.len() > 1);
        several
            .map(|(identity, documents)| Self { identity, documents })
            .collect()
    }
}

/// Whether two documents of one name have the same `spec`.
fn says_the_same(one: &Document, other: &Document) -> bool {
    one.node.get("spec") == other.node.get("spec")
}

/// The numbers of the documents that a later one of the same name replaces, as in a cluster.
pub fn replaced<'d>(
    documents: impl DoubleEndedIterator<Item = &'d Document> + ExactSizeIterator,
) -> BTreeSet<usize> {
    let mut later = BTreeSet::new();
    let numbered = documents.enumerate().rev();
    let is_replaced = |(_, document): &(usize, &Document)| {
        Identity::of(document).is_some_and(|identity| !later.insert(identity))
    };
    numbered.filter(is_replaced).map(|(index, _)| index).collect()
}

/// Folders with documents of the same names: they are probably for different clusters.
#[derive(Debug)]
pub struct TwinFolders<'d> {
    /// The folders, sorted by name.
    pub folders: Vec<&'d Path>,
    /// The documents that are in several folders.
    pub identities: BTreeSet<Identity>,
    /// A document in two of the folders, as an example.
    pub example: (&'d Document, &'d Document),
}

impl<'d> TwinFolders<'d> {
    /// All folders with documents of the same identity; folders that share any are grouped.
    pub fn all(documents: impl Iterator<Item = &'d Document>) -> Vec<Self> {
        let mut by_identity: BTreeMap<Identity, BTreeMap<&Path, &Document>> = BTreeMap::new();
        for document in documents {
            if let Some(identity) = Identity::of(document) {
                let folders = by_identity.entry(identity).or_default();
                folders.entry(document.source.folder()).or_insert(document);
            }
        }
        let mut all: Vec<(BTreeSet<&'d Path>, Self)> = Vec::new();
        for (identity, folders) in by_identity {
            let documents: Vec<&Document> = folders.values().copied().collect();
            let [first, second, ..] = documents.as_slice() else {
                continue;
            };
            let mut together: BTreeSet<&Path> = folders.keys().copied().collect();
            let mut twins = Self {
                folders: Vec::new(),
                identities: BTreeSet::from([identity]),
                example: (first, second),
            };
            // Groups that have one of these folders are merged.
            let has_one = |(folders, _): &(BTreeSet<&Path>, _)| !folders.is_disjoint(&together);
            let (known, others): (Vec<_>, Vec<_>) = all.into_iter().partition(has_one);
            all = others;
            for (folders, mut known) in known.into_iter().rev() {
                together.extend(folders);
                known.identities.append(&mut twins.identities);
                twins = known;
            }
            all.push((together, twins));
        }
        let named = |(folders, twins): (BTreeSet<&'d Path>, Self)| Self {
            folders: folders.into_iter().collect(),
            ..twins
        };
        all.into_iter().map(named).collect()
    }

    /// The names of at most three folders.
    pub fn names(&self) -> String {
        let name = |folder: &Path| match folder.display().to_string() {
            empty if empty.is_empty() => "`.`".to_owned(),
            name => format!("`{name}`"),
        };
        let names: Vec<String> = self.folders.iter().take(3).map(|folder| name(folder)).collect();
        match (names.as_slice(), self.folders.len().saturating_sub(3)) {
            (names, more) if more > 0 => format!("{} and {more} more folders", names.join(", ")),
            ([names @ .., last], _) => format!("{} and {last}", names.join(", ")),
            ([], _) => String::new(),
        }
    }

    /// The setting for `peerwarden.toml` if each folder is for its own cluster.
    pub fn setting(&self) -> String {
        /// The largest number of folders that are listed.
        const MOST: usize = 6;
        let mut folders: BTreeSet<&Path> = self.folders.iter().copied().collect();
        // `dev/policies` and `prod/policies` are `dev` and `prod`.
        while let Some(parents) = without_common_name(&folders) {
            folders = parents;
        }
        // If one folder contained another, both would be of one cluster.
        let is_above = |folder: &Path| {
            let mut others = folders.iter().filter(|other| **other != folder);
            others.any(|other| other.starts_with(folder))
        };
        let alone = folders.iter().filter(|folder| !is_above(folder));
        let clusters: Vec<String> = alone.map(|folder| folder.display().to_string()).collect();
        let shown = clusters.iter().take(MOST).map(|name| format!("{name:?}"));
        let shown: Vec<String> = shown
            .chain((clusters.len() > MOST).then(|| "…".to_owned()))
            .collect();
        format!("clusters = [{}]", shown.join(", "))
    }
}

/// The parents of these folders, if all of them have the same name and the parents differ.
fn without_common_name<'p>(folders: &BTreeSet<&'p Path>) -> Option<BTreeSet<&'p Path>> {
    let name = folders.first()?.file_name()?;
    let parent = |folder: &&'p Path| {
        let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty())?;
        (folder.file_name() == Some(name)).then_some(parent)
    };
    let parents: BTreeSet<&Path> = folders.iter().map(parent).collect::<Option<_>>()?;
    (parents.len() == folders.len()).then_some(parents)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documents;
    use crate::source::Source;

    #[test]
    fn the_last_of_a_name_counts() {
        let spec = |spec: &str| {
            let text =
                format!("kind: PeerAuthentication\nmetadata: {{name: a, namespace: b}}\nspec: {spec}\n");
            documents::all(&Source::new("a.yaml", text)).unwrap().remove(0)
        };
        let documents = [spec("{}"), spec("{mtls: {mode: STRICT}}"), spec("{}")];
        assert_eq!(replaced(documents.iter()), BTreeSet::from([0, 1]));
        assert_eq!(SameName::all(documents[..2].iter())[0].documents.len(), 2);
        assert!(SameName::all([&documents[0], &documents[2]].into_iter()).is_empty());
    }

    fn documents(files: &[(&str, &[&str])]) -> Vec<Document> {
        let of_file = |(file, names): &(&str, &[&str])| {
            let one = |name: &&str| {
                format!("kind: AuthorizationPolicy\nmetadata: {{name: {name}, namespace: a}}\n")
            };
            let texts: Vec<String> = names.iter().map(one).collect();
            documents::all(&Source::new(*file, texts.join("---\n"))).unwrap()
        };
        files.iter().flat_map(of_file).collect()
    }

    #[test]
    fn folders_that_share_names_are_together() {
        let documents = documents(&[
            ("base/a.yaml", &["one", "two"]),
            ("env/dev/policies/a.yaml", &["one", "three"]),
            ("env/prod/policies/a.yaml", &["three"]),
            ("alone/a.yaml", &["four", "four"]),
            ("x.yaml", &["five"]),
            ("y/x.yaml", &["five"]),
        ]);
        let twins = TwinFolders::all(documents.iter());
        let shown: Vec<(String, usize, String)> = twins
            .iter()
            .map(|twins| (twins.names(), twins.identities.len(), twins.setting()))
            .collect();
        let expected = [
            ("`.` and `y`", 1, "clusters = [\"y\"]"),
            (
                "`base`, `env/dev/policies` and `env/prod/policies`",
                2,
                "clusters = [\"base\", \"env/dev/policies\", \"env/prod/policies\"]",
            ),
        ];
        assert_eq!(
            shown,
            expected.map(|(names, count, setting)| (names.to_owned(), count, setting.to_owned()))
        );
    }

    #[test]
    fn clusters_are_named_by_the_folders_that_differ() {
        let documents = documents(&[
            ("env/dev/policies/a.yaml", &["one"]),
            ("env/prod/policies/a.yaml", &["one"]),
        ]);
        let twins = TwinFolders::all(documents.iter());
        assert_eq!(twins[0].setting(), "clusters = [\"env/dev\", \"env/prod\"]");
    }
}
