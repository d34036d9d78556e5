//! The findings of lints in each cluster. A finding that is the same in several clusters is reported once.

use std::collections::{BTreeMap, BTreeSet};

use peerwarden_documents::clusters::{self, ClusterSet};
use peerwarden_documents::diagnostic::Diagnostic;
use peerwarden_documents::document_set::DocumentSet;
use peerwarden_documents::load::Loader;
use peerwarden_documents::setup::Setup;
use peerwarden_lint::settings::Settings;
use peerwarden_lint::{self as lint, Findings, Scope, SkippedDocuments, Surroundings};

/// The code of findings about unused suppressions: a suppression that is used in any cluster is used.
const SUPPRESSION: &str = "PW030";

/// The identity of a finding: file, place, code and message.
pub(super) type Key = (Option<(String, usize)>, Option<&'static str>, String);

/// That of a finding.
pub(super) fn key(finding: &Diagnostic) -> Key {
    let place = finding.place.as_ref();
    let place = place.map(|place| (place.source.name.clone(), place.span.start));
    (place, finding.code, finding.message.clone())
}

/// The findings in the policies of a set-up, cluster by cluster.
pub(super) fn findings(
    mut setup: Setup,
    read: DocumentSet,
    loader: &Loader,
    settings: &Settings,
    skipped: &SkippedDocuments,
) -> Findings {
    // Whole repositories are large: they are copied only if clusters split them.
    let has_clusters = !clusters::names(&loader.repository, &read).is_empty();
    let (policies, others) = if has_clusters {
        (read.policies.clone(), read.others.clone())
    } else {
        Default::default()
    };
    let mut sets = match clusters::split(&loader.repository, loader.cluster.as_deref(), read) {
        Ok(sets) => sets,
        Err(wrong) => {
            return Findings {
                findings: vec![wrong],
                ..Findings::default()
            };
        }
    };
    // A document that every overlay replaces is a base of others, and checked too.
    let replaced = clusters::replaced_everywhere(&sets, &policies);
    if !replaced.is_empty() {
        sets.push(ClusterSet {
            name: None,
            documents: DocumentSet {
                policies: replaced,
                others,
                ..DocumentSet::default()
            },
        });
    }
    let mut of_set = |set: &ClusterSet| {
        setup.resources.clone_from(&set.documents.policies);
        let scope = if set.name.is_some() {
            Scope::Cluster
        } else {
            Scope::Folders
        };
        let surroundings = Surroundings {
            scope,
            skipped: skipped.clone(),
        };
        lint::run(&setup, &set.documents.others, settings, &surroundings)
    };
    if let [set] = sets.as_slice() {
        return of_set(set);
    }
    let mut merged = MergedFindings::default();
    for set in &sets {
        merged.add(set, of_set(set));
    }
    merged.findings()
}

/// The findings of several clusters.
#[derive(Default)]
struct MergedFindings {
    /// Each finding with its clusters.
    found: BTreeMap<Key, (Diagnostic, BTreeSet<String>)>,
    suppressed: BTreeMap<Key, (Diagnostic, String)>,
    unproved: BTreeSet<String>,
    notes: BTreeSet<String>,
    /// The clusters that each file is part of.
    clusters: BTreeMap<String, BTreeSet<String>>,
}

impl MergedFindings {
    fn add(&mut self, set: &ClusterSet, findings: Findings) {
        let cluster = set.name.clone().unwrap_or_default();
        let documents = &set.documents;
        let others = documents.others.all().filter(|_| set.name.is_some());
        for document in documents.policies.iter().chain(others) {
            let clusters = self.clusters.entry(document.source.name.clone()).or_default();
            clusters.insert(cluster.clone());
        }
        for finding in findings.findings {
            let known = self.found.entry(key(&finding));
            let (_, clusters) = known.or_insert_with(|| (finding, BTreeSet::new()));
            clusters.insert(cluster.clone());
        }
        self.unproved.extend(findings.unproved);
        self.notes.extend(findings.notes);
        for (finding, reason) in findings.suppressed {
            self.suppressed.insert(key(&finding), (finding, reason));
        }
    }

    fn findings(self) -> Findings {
        let Self {
            found,
            suppressed,
            unproved,
            notes,
            clusters,
        } = self;
        let findings = found.into_iter().filter_map(|((place, ..), (mut finding, of))| {
            let all = place.and_then(|(file, _)| clusters.get(&file)).unwrap_or(&of);
            let elsewhere = of.len() < all.len();
            if finding.code == Some(SUPPRESSION) && elsewhere {
                return None;
            }
            if elsewhere {
                let of: Vec<String> = of.iter().map(|name| format!("`{name}`")).collect();
                let note = format!("this is so only in {}, not in every cluster", of.join(", "));
                finding.details.notes.push(note);
            }
            Some(finding)
        });
        Findings {
            findings: findings.collect(),
            suppressed: suppressed.into_values().collect(),
            unproved: unproved.into_iter().collect(),
            notes: notes.into_iter().collect(),
        }
    }
}
