//! The documents of one cluster: those in its folders, and those for all clusters.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::document_set::DocumentSet;
use crate::documents::{Document, OtherDocuments};
use crate::identity::Identity;
use crate::repository::Repository;

/// The documents of one cluster.
#[derive(Debug, Default)]
pub struct ClusterSet {
    /// The cluster's name; none if there are no clusters.
    pub name: Option<String>,
    /// Its documents.
    pub documents: DocumentSet,
}

/// The clusters that documents are for.
pub fn names(repository: &Repository, set: &DocumentSet) -> BTreeSet<String> {
    let documents = set.policies.iter().chain(set.others.all());
    let names = documents.filter_map(|document| repository.cluster(Path::new(&document.source.name)));
    names.collect()
}

/// Splits documents by cluster; with `chosen`, only that one. A document in a cluster's folder replaces one of the same
/// name that is for all clusters, as an overlay does.
///
/// # Errors
///
/// If no document is for the chosen cluster.
pub fn split(
    repository: &Repository,
    chosen: Option<&str>,
    set: DocumentSet,
) -> Result<Vec<ClusterSet>, Diagnostic> {
    if chosen.is_none() && names(repository, &set).is_empty() {
        return Ok(vec![ClusterSet {
            name: None,
            documents: set,
        }]);
    }
    let of = |document: &Document| repository.cluster(Path::new(&document.source.name));
    let (policies, others) = (tagged(&set.policies, of), tagged(set.others.all(), of));
    let names: Vec<String> = names(repository, &set).into_iter().collect();
    let wanted: Vec<&String> = names
        .iter()
        .filter(|name| chosen.is_none_or(|chosen| chosen == *name))
        .collect();
    match chosen {
        Some(chosen) if wanted.is_empty() && !(names.is_empty() && repository.is_cluster(chosen)) => {
            return Err(no_such_cluster(chosen, &names));
        }
        // All of them are for all clusters.
        chosen if wanted.is_empty() => {
            return Ok(vec![ClusterSet {
                name: chosen.map(str::to_owned),
                documents: set,
            }]);
        }
        Some(_) | None => {}
    }
    let of_cluster = |name: &&String| ClusterSet {
        name: Some((*name).clone()),
        documents: DocumentSet {
            policies: with_own(name, &policies),
            others: OtherDocuments::of(with_all(name, &others)),
            ..DocumentSet::default()
        },
    };
    Ok(wanted.iter().map(of_cluster).collect())
}

/// Policies for all clusters that every set's cluster replaces, so that no set contains them.
pub fn replaced_everywhere(sets: &[ClusterSet], policies: &[Document]) -> Vec<Document> {
    // A document is where it begins in its text.
    let place = |document: &Document| {
        let location = document.node.location;
        (Arc::as_ptr(&document.source), location.line(), location.column())
    };
    let of_sets = sets.iter().flat_map(|set| &set.documents.policies);
    let kept: BTreeSet<_> = of_sets.map(place).collect();
    let is_in_none = |document: &&Document| !kept.contains(&place(document));
    policies.iter().filter(is_in_none).cloned().collect()
}

/// A document with its cluster; `None` if it is for all of them.
type TaggedDocument<'d> = (Option<String>, &'d Document);

fn tagged<'d>(
    documents: impl IntoIterator<Item = &'d Document>,
    of: impl Fn(&Document) -> Option<String>,
) -> Vec<TaggedDocument<'d>> {
    let tagged = documents.into_iter().map(|document| (of(document), document));
    tagged.collect()
}

fn with_all(name: &str, documents: &[TaggedDocument<'_>]) -> Vec<Document> {
    let is_of_it =
        |(cluster, _): &&TaggedDocument<'_>| cluster.as_ref().is_none_or(|cluster| cluster == name);
    let documents = documents.iter().filter(is_of_it);
    documents.map(|(_, document)| (*document).clone()).collect()
}

fn with_own(name: &str, documents: &[TaggedDocument<'_>]) -> Vec<Document> {
    let own: BTreeSet<Identity> = documents
        .iter()
        .filter(|(cluster, _)| cluster.as_ref().is_some_and(|cluster| cluster == name))
        .filter_map(|(_, document)| Identity::of(document))
        .collect();
    let is_kept = |(cluster, document): &&TaggedDocument<'_>| {
        let identity = Identity::of(document);
        cluster.is_some() || identity.is_none_or(|identity| !own.contains(&identity))
    };
    let kept: Vec<TaggedDocument<'_>> = documents.iter().filter(is_kept).cloned().collect();
    with_all(name, &kept)
}

fn no_such_cluster(name: &str, names: &[String]) -> Diagnostic {
    let wrong = Diagnostic::error(format!("no document is for the cluster `{name}`"));
    if names.is_empty() {
        wrong.help(
            "list the clusters in `peerwarden.toml`: `clusters = [\"overlays/dev\", \"overlays/prod\"]`",
        )
    } else {
        let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        wrong.help(format!("the documents are for {}", names.join(", ")))
    }
}

/// Checks that all clusters have the same policies.
///
/// # Errors
///
/// If not: one must be chosen.
pub(crate) fn agree(sets: &[ClusterSet]) -> Result<(), Diagnostic> {
    if let [first, others @ ..] = sets
        && !others.is_empty()
    {
        let first = texts(first);
        if others.iter().any(|set| texts(set) != first) {
            return Err(several_clusters(sets));
        }
    }
    Ok(())
}

/// The policies of a cluster, in any order.
fn texts(set: &ClusterSet) -> BTreeSet<String> {
    let policies = set.documents.policies.iter();
    // A tree is always written.
    let text = |document: &Document| serde_json::to_string(&document.node).unwrap_or_default();
    policies.map(text).collect()
}

fn several_clusters(sets: &[ClusterSet]) -> Diagnostic {
    let names: Vec<&str> = sets.iter().filter_map(|set| set.name.as_deref()).collect();
    let first = names.first().copied().unwrap_or_default();
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    let message = format!("the policies are for several clusters: {}", quoted.join(", "));
    Diagnostic::error(message).help(format!(
        "choose one, `--cluster {first}`, or name the folders of one cluster alone"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documents;
    use crate::repository::Pattern;
    use crate::source::Source;

    fn named(file: &str, name: &str) -> Document {
        let text = format!("kind: AuthorizationPolicy\nmetadata: {{name: {name}, namespace: shop}}\n");
        documents::all(&Source::new(file, text)).unwrap().remove(0)
    }

    fn files(documents: &[Document]) -> Vec<&str> {
        documents
            .iter()
            .map(|document| document.source.name.as_str())
            .collect()
    }

    #[test]
    fn a_document_in_a_folder_of_the_cluster_replaces_one_for_all() {
        let mut repository = Repository::new(Path::new(""));
        repository.add_cluster(Pattern::parse("overlays/*").unwrap(), None);
        let set = |documents: &[Document]| DocumentSet {
            policies: documents.to_vec(),
            ..DocumentSet::default()
        };
        let documents = [
            named("base/a.yaml", "a"),
            named("base/b.yaml", "b"),
            named("overlays/dev/a.yaml", "a"),
            named("overlays/prod/c.yaml", "c"),
        ];
        let sets = split(&repository, None, set(&documents)).unwrap();
        let shown: Vec<_> = sets
            .iter()
            .map(|set| (set.name.as_deref(), files(&set.documents.policies)))
            .collect();
        let expected = [
            (Some("overlays/dev"), vec!["base/b.yaml", "overlays/dev/a.yaml"]),
            (
                Some("overlays/prod"),
                vec!["base/a.yaml", "base/b.yaml", "overlays/prod/c.yaml"],
            ),
        ];
        assert_eq!(shown, expected);
        assert!(replaced_everywhere(&sets, &documents).is_empty());
        let dev = split(&repository, Some("overlays/dev"), set(&documents)).unwrap();
        assert_eq!(dev.len(), 1);
        let lost = replaced_everywhere(&dev, &documents[..3]);
        assert_eq!(files(&lost), ["base/a.yaml"]);
        let wrong = split(&repository, Some("prod"), set(&documents)).unwrap_err();
        assert!(wrong.help.unwrap().contains("`overlays/prod`"));
        let none = split(&Repository::default(), None, set(&documents)).unwrap();
        assert_eq!((none.len(), none[0].documents.policies.len()), (1, 4));
    }
}
