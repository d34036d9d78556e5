//! PW004: two documents of the same kind, namespace and name that surely reach one cluster.
//!
//! The later one replaces the earlier. Files are alternatives, steps of a lesson or for several clusters more often than they are applied
//! together: only those of one file, of one kustomization or of one cluster are told. Of the others there is a note.

use std::collections::BTreeMap;
use std::path::Path;

use peerwarden_documents::count::counted;
use peerwarden_documents::diagnostic::{Diagnostic, Severity};
use peerwarden_documents::documents::Document;
use peerwarden_documents::identity::SameName;
use peerwarden_documents::kustomizations::AppliedFiles;
use peerwarden_documents::notes;
use peerwarden_engine::document;

use crate::context::{Context, Scope};
use crate::lint::{Finder, Lint};

pub(crate) const LINT: Lint = Lint {
    code: "PW004",
    name: "same-name",
    severity: Severity::Warning,
    summary: "two documents of the same kind, namespace and name",
    page: include_str!("../../../../docs/lints/PW004.md"),
    find: Finder::All(find),
};

/// What replaces another document of its name.
struct Replacement<'d> {
    same: &'d SameName<'d>,
    first: &'d Document,
    second: &'d Document,
    /// Other documents that the same folders share.
    others: usize,
}

fn find(context: &Context<'_>) -> Vec<Diagnostic> {
    let applied = AppliedFiles::of(context.others.all());
    let are_together = |one: &Document, other: &Document| {
        context.surroundings.scope == Scope::Cluster
            || one.source == other.source
            || applied.are_together(&one.source.name, &other.source.name)
    };
    let all = SameName::all(context.documents.iter().copied());
    let mut found: Vec<Replacement<'_>> = Vec::new();
    let mut folders: BTreeMap<(&Path, &Path), usize> = BTreeMap::new();
    for same in &all {
        for (index, second) in same.documents.iter().enumerate() {
            let mut before = same.documents.iter().take(index);
            let Some(first) = before.find(|first| are_together(first, second)) else {
                continue;
            };
            let pair = (first.source.folder(), second.source.folder());
            if pair.0 != pair.1 {
                // Folders that share names are told once, whatever number of them.
                let known = *folders.entry(pair).or_insert(found.len());
                if let Some(known) = found.get_mut(known) {
                    known.others += 1;
                    continue;
                }
            }
            found.push(Replacement {
                same,
                first,
                second,
                others: 0,
            });
        }
    }
    found.iter().map(told).collect()
}

fn told(replacement: &Replacement<'_>) -> Diagnostic {
    let name = |document: &Document| document.place(&document::Path::keys(["metadata", "name"]), false);
    let (first, second) = (name(replacement.first), name(replacement.second));
    let more = match replacement.others {
        0 => String::new(),
        more => format!("; these folders share {}", counted(more as u64, "other name")),
    };
    let message = format!(
        "duplicate {}: in a cluster, this one replaces {}{more}",
        replacement.same.identity,
        first.label()
    );
    LINT.found(message)
        .at(second)
        .also(first, "the same name")
        .help("rename or remove one of them")
}

/// What to know of documents of one name that need not reach one cluster.
pub(crate) fn notes(context: &Context<'_>) -> Vec<String> {
    match context.surroundings.scope {
        Scope::Cluster => Vec::new(),
        Scope::Folders => notes::about_same_names(
            context.documents.iter().copied(),
            "each is checked as if it alone were applied",
        ),
    }
}
