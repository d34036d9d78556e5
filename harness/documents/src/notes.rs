//! Notes about files that were skipped or read with an assumption.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::count::counted;
use crate::document_set::PassedOverFiles;
use crate::documents::Document;
use crate::identity::{SameName, TwinFolders};
use crate::shown::visible;

/// Notes about policies that were skipped, and about policies that are in `default` because nothing else was set.
pub fn about(passed_over: &PassedOverFiles, of_default: usize) -> Vec<String> {
    let mut notes = Vec::new();
    if of_default > 0 {
        let policies = counted(of_default as u64, "policy");
        notes.push(format!(
            "{policies} without a namespace, read as of `default`, where `kubectl apply` puts them"
        ));
    }
    let chart = passed_over.charts.iter().find(|chart| chart.has_policies);
    if let Some(chart) = chart {
        let chart = visible(&chart.folder.display().to_string());
        notes.push(format!(
            "the templates of Helm charts are skipped; check their output: `helm template {chart} | peerwarden \
             check -`"
        ));
    }
    let folders: BTreeSet<_> = passed_over.patches.iter().map(|(_, folder)| folder).collect();
    if let Some(folder) = folders.first() {
        let folder = visible(&folder.display().to_string());
        let folder = if folder.is_empty() { "." } else { &folder };
        let patches = counted(passed_over.patches.len() as u64, "Kustomize patch");
        notes.push(format!(
            "{patches} of policies skipped; check their output: `kubectl kustomize {folder} | peerwarden check -`"
        ));
    }
    for (path, why) in &passed_over.closed {
        notes.push(closed(path, why));
    }
    notes
}

/// A note about a file or a folder that cannot be opened.
pub fn closed(path: &Path, why: &str) -> String {
    let path = visible(&path.display().to_string());
    format!("skipped {path}, which cannot be opened: {}", visible(why))
}

/// Notes about policies of one name in several files, of which a cluster has only one. `counts` says which of them count.
pub fn about_same_names<'d>(documents: impl Iterator<Item = &'d Document>, counts: &str) -> Vec<String> {
    /// Notes that are printed.
    const MOST: usize = 3;
    let all = SameName::all(documents);
    let mut notes = Vec::new();
    // Within a folder, one of several files is applied, or the last replaces the others.
    let mut by_folder: BTreeMap<&Path, (&SameName<'d>, BTreeSet<&str>, usize)> = BTreeMap::new();
    for same in &all {
        let mut folders: BTreeMap<&Path, BTreeSet<&str>> = BTreeMap::new();
        for document in &same.documents {
            let files = folders.entry(document.source.folder()).or_default();
            files.insert(document.source.name.as_str());
        }
        for (folder, files) in folders.into_iter().filter(|(_, files)| files.len() > 1) {
            by_folder.entry(folder).or_insert((same, files, 0)).2 += 1;
        }
    }
    for (same, files, number) in by_folder.values() {
        let files: Vec<String> = files
            .iter()
            .take(2)
            .map(|file| format!("`{}`", visible(file)))
            .collect();
        let more = match number - 1 {
            0 => String::new(),
            more => format!(" and {}", counted(more as u64, "other document")),
        };
        notes.push(format!(
            "{} both have {}{more}: {counts}; leave out with `exclude` in `peerwarden.toml` what is not applied",
            files.join(" and "),
            visible(&same.identity.to_string()),
        ));
    }
    let documents = all.iter().flat_map(|same| same.documents.iter().copied());
    notes.extend(TwinFolders::all(documents).iter().map(|twins| {
        format!(
            "{} have policies of the same names: {counts}; if they are for different clusters, write `{}` into \
             `peerwarden.toml`, and if only one is applied, `exclude` the others",
            visible(&twins.names()),
            visible(&twins.setting())
        )
    }));
    let others = notes.len().saturating_sub(MOST);
    if others > 0 {
        notes.truncate(MOST);
        notes.push(format!("{others} more notes of this kind are not shown"));
    }
    notes
}

/// Prints notes to standard error.
pub fn print(notes: &[String]) {
    for note in notes {
        eprintln!("note: {note}");
    }
}
