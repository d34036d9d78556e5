//! Notes about files that were skipped or read with an assumption.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::count::counted;
use crate::document_set::PassedOverFiles;
use crate::documents::Document;
use crate::identity::{SameName, TwinFolders};
use crate::shown::visible;
use crate::templates::OF_GO;

/// Unreadable files with a note of their own.
const BROKEN: usize = 2;

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
    if let Some(folder) = passed_over.ytt.first() {
        let folder = visible(&folder.display().to_string());
        notes.push(format!(
            "templates of ytt are skipped; check their output: `ytt -f {folder} | peerwarden check -`"
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
    let of_go = || passed_over.unreadable.iter().filter(|(_, why)| why == OF_GO);
    if let Some((first, _)) = of_go().next() {
        let files = counted(of_go().count() as u64, "template");
        let first = visible(&first.display().to_string());
        notes.push(format!(
            "{files} of Go skipped, such as {first}: check what is made of it, too"
        ));
    }
    // What is meant for a cluster, and what no cluster takes. Templates have lines that are no YAML at all.
    let broken = passed_over
        .unreadable
        .iter()
        .filter(|(_, why)| !why.starts_with("this is a template"));
    let broken: Vec<_> = broken.collect();
    for (path, why) in broken.iter().take(BROKEN) {
        let path = visible(&path.display().to_string());
        notes.push(format!(
            "skipped {path}, which is not YAML: {}; what is in it is not known here",
            visible(why)
        ));
    }
    if broken.len() > BROKEN {
        let more = counted((broken.len() - BROKEN) as u64, "file");
        notes.push(format!(
            "skipped {more} more that are not YAML; `--verbose` lists them"
        ));
    }
    for (path, why) in &passed_over.closed {
        notes.push(closed(path, why));
    }
    notes
}

/// What was looked for and is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// Policies.
    Policies,
    /// Policies and suites.
    PoliciesAndSuites,
    /// Suites.
    Suites,
    /// Workloads.
    Workloads,
}

impl Missing {
    /// That there is none in `paths`.
    pub fn said(self, paths: &[PathBuf]) -> String {
        /// Paths that are named: a hook gives thousands.
        const MOST: usize = 3;
        let what = match self {
            Self::Policies => "policy",
            Self::PoliciesAndSuites => "policy and no suite",
            Self::Suites => "suite",
            Self::Workloads => "workload",
        };
        let shown: Vec<String> = paths.iter().take(MOST).map(|path| quoted(path)).collect();
        let more = match paths.len().saturating_sub(MOST) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        format!("no {what} in {}{more}", shown.join(", "))
    }

    /// What it is, and what to do.
    pub fn help(self) -> &'static str {
        match self {
            Self::Policies | Self::PoliciesAndSuites => {
                "a policy is a document of `security.istio.io`; render Helm charts first, `helm template CHART | \
                 peerwarden check -`"
            }
            Self::Suites => {
                "a suite is a file named `*_test.yaml`; `peerwarden init` writes a first one for each workload"
            }
            Self::Workloads => {
                "a workload is a Deployment, a StatefulSet, a DaemonSet, a Job, a CronJob or a Pod; name the folders with \
                 their manifests too"
            }
        }
    }
}

/// Notes on paths in which nothing was found. `files` is how many were looked at.
pub fn nothing(
    missing: Missing,
    paths: &[PathBuf],
    files: usize,
    passed_over: &PassedOverFiles,
) -> Vec<String> {
    let said = missing.said(paths);
    let looked = match (missing, files) {
        (_, 0) => "it has no YAML and no JSON".to_owned(),
        (Missing::Suites, _) => "no file is named `*_test.yaml` and has the keys of a suite".to_owned(),
        (Missing::Workloads, _) => {
            "no file has a Deployment, a Pod or another document that runs pods".to_owned()
        }
        (Missing::Policies | Missing::PoliciesAndSuites, 1) => {
            "the only file has no document of `security.istio.io`".to_owned()
        }
        (Missing::Policies | Missing::PoliciesAndSuites, files) => format!(
            "none of its {} has a document of `security.istio.io`",
            counted(files as u64, "file")
        ),
    };
    let so = match missing {
        Missing::Policies => "; where no policy applies, everything is allowed",
        Missing::PoliciesAndSuites | Missing::Suites | Missing::Workloads => "",
    };
    let mut notes = vec![format!("{said}: {looked}{so}")];
    // A chart with policies has a note anyway.
    if let [first, ..] = passed_over.charts.as_slice()
        && !passed_over.charts.iter().any(|chart| chart.has_policies)
    {
        let (charts, it) = match passed_over.charts.len() {
            1 => ("1 Helm chart".to_owned(), "it"),
            charts => (counted(charts as u64, "Helm chart"), "them"),
        };
        notes.push(format!(
            "{charts} skipped: render {it} first, `helm template {} | peerwarden check -`",
            visible(&first.folder.display().to_string())
        ));
    }
    notes
}

fn quoted(path: &Path) -> String {
    let name = path.display().to_string();
    match name.as_str() {
        "-" => "standard input".to_owned(),
        name => format!("`{}`", visible(name)),
    }
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
