//! Notes about files that were skipped or read with an assumption.

use std::collections::BTreeSet;
use std::path::Path;

use crate::count::counted;
use crate::document_set::PassedOverFiles;
use crate::documents::Document;
use crate::identity::TwinFolders;
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

/// Notes about folders with policies of the same names: all of these policies apply.
pub(crate) fn about_twins(policies: &[Document]) -> Vec<String> {
    let twins = TwinFolders::all(policies.iter());
    let note = |twins: &TwinFolders<'_>| {
        format!(
            "{} have policies of the same names, and all of them count; if they are for different clusters, write `{}` into \
             `peerwarden.toml`",
            visible(&twins.names()),
            visible(&twins.setting())
        )
    };
    twins.iter().map(note).collect()
}

/// Prints notes to standard error.
pub fn print(notes: &[String]) {
    for note in notes {
        eprintln!("note: {note}");
    }
}
