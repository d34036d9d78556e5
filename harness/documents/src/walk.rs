//! Finds the files of a repository that are to be read.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ignore::{DirEntry, Walk, WalkBuilder};

use crate::diagnostic::Diagnostic;
use crate::document_set::{Chart, PassedOverFiles};
use crate::files;
use crate::marks::names_policies;
use crate::repository::Repository;
use crate::source::shown;

/// Folders of third-party code.
const OF_OTHERS: [&str; 2] = ["vendor", "node_modules"];

/// A file that lists files and folders to skip, in the format of `.gitignore`.
const IGNORE_FILE: &str = ".peerwardenignore";

/// The files to read.
#[derive(Debug, Default)]
pub struct Listing {
    /// Sorted by name; named files as they were named.
    pub files: Vec<PathBuf>,
    /// Whatever is below the folders and was skipped.
    pub passed_over: PassedOverFiles,
    /// How many files the settings exclude.
    pub excluded: usize,
}

/// The files that `paths` name, with everything below folders; from a folder, only files that `wanted` accepts.
///
/// Folders are searched as ripgrep does: hidden files, and files listed in `.gitignore`, `.ignore` and
/// `.peerwardenignore`, are skipped; so are `vendor`, `node_modules`, and the templates of Helm charts. Links are
/// treated as `kubectl apply --recursive` treats them: links to files are read, links to folders are not.
///
/// # Errors
///
/// If a path does not exist or cannot be listed.
pub fn list(
    paths: &[PathBuf],
    repository: &Repository,
    wanted: impl Fn(&Path) -> bool,
) -> Result<Listing, Vec<Diagnostic>> {
    let mut listing = Listing::default();
    let mut wrong = Vec::new();
    let mut links = Vec::new();
    for path in paths {
        if !path.is_dir() {
            listing.files.push(path.clone());
            continue;
        }
        let charts = Arc::new(Mutex::new(Vec::new()));
        for entry in walk(path, Arc::clone(&charts)) {
            match entry {
                Ok(entry) if entry.depth() == 0 => {}
                Ok(entry) => listing.add(&entry, repository, &wanted, &mut links),
                Err(error) if error.depth() == Some(0) => {
                    let message = format!("`{}` cannot be listed: {error}", path.display());
                    wrong.push(Diagnostic::error(message));
                }
                Err(error) => {
                    let (place, why) = closed(&error, path);
                    listing.passed_over.closed.push((place, why));
                }
            }
        }
        let charts = lock(&charts).split_off(0).into_iter().map(Chart::of);
        listing.passed_over.charts.extend(charts);
    }
    listing.without_duplicates(&links);
    if wrong.is_empty() { Ok(listing) } else { Err(wrong) }
}

impl Listing {
    fn add(
        &mut self,
        entry: &DirEntry,
        repository: &Repository,
        wanted: impl Fn(&Path) -> bool,
        links: &mut Vec<PathBuf>,
    ) {
        let path = entry.path();
        let is_file = entry.file_type().is_some_and(|kind| kind.is_file());
        let is_link = entry.path_is_symlink();
        if !is_text(path) || !is_file && !is_link || !wanted(path) {
            // A link to a folder may have any name.
            if is_link && !path.is_file() {
                self.passed_over.links.push(shown(path));
            }
            return;
        }
        let path = shown(path);
        if repository.excludes(&path) {
            self.excluded += 1;
        } else if is_link && !path.is_file() {
            self.passed_over.links.push(path);
        } else {
            if is_link {
                links.push(path.clone());
            }
            self.files.push(path);
        }
    }

    /// Removes files that are listed twice: named twice, or also reached by a link.
    fn without_duplicates(&mut self, links: &[PathBuf]) {
        let mut seen = BTreeSet::new();
        self.files.retain(|file| seen.insert(file.clone()));
        if links.is_empty() {
            return;
        }
        let links: BTreeSet<&PathBuf> = links.iter().collect();
        let real = |file: &PathBuf| file.canonicalize().unwrap_or_else(|_| file.clone());
        let mut targets: BTreeSet<PathBuf> = self
            .files
            .iter()
            .filter(|file| !links.contains(file))
            .map(real)
            .collect();
        self.files
            .retain(|file| !links.contains(file) || targets.insert(real(file)));
    }
}

/// The folder of the Helm chart that has this file as a template.
pub fn chart_of(file: &Path) -> Option<PathBuf> {
    let above = file.ancestors().skip(1);
    let mut templates = above.filter(|folder| folder.file_name().is_some_and(|name| name == "templates"));
    templates.find_map(|templates| {
        let chart = templates.parent()?;
        chart.join("Chart.yaml").is_file().then(|| shown(chart))
    })
}

impl Chart {
    /// The chart in this folder.
    pub fn of(folder: PathBuf) -> Self {
        let mut templates = WalkBuilder::new(folder.join("templates")).build();
        let has_policies = templates.any(|entry| {
            let template = entry.ok().filter(|entry| entry.path().is_file());
            template.is_some_and(|template| {
                files::bytes(template.path()).is_ok_and(|bytes| names_policies(&bytes))
            })
        });
        Self { folder, has_policies }
    }
}

/// The path that cannot be listed, and why.
fn closed(error: &ignore::Error, folder: &Path) -> (PathBuf, String) {
    if let ignore::Error::WithPath { path, err } = error {
        return (shown(path), err.to_string());
    }
    if let ignore::Error::WithDepth { err, .. } = error {
        return closed(err, folder);
    }
    (shown(folder), error.to_string())
}

fn walk(folder: &Path, charts: Arc<Mutex<Vec<PathBuf>>>) -> Walk {
    let mut walk = WalkBuilder::new(folder);
    walk.sort_by_file_name(Ord::cmp)
        .add_custom_ignore_filename(IGNORE_FILE);
    walk.filter_entry(move |entry| {
        if !entry.file_type().is_some_and(|kind| kind.is_dir()) {
            return true;
        }
        let name = entry.file_name().to_str().unwrap_or_default();
        if name != "templates" {
            return entry.depth() == 0 || !OF_OTHERS.contains(&name);
        }
        let parent = entry.path().parent();
        let chart = parent.filter(|parent| parent.join("Chart.yaml").is_file());
        lock(&charts).extend(chart.map(shown));
        chart.is_none()
    });
    walk.build()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn is_text(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    matches!(extension, Some("yaml" | "yml" | "json"))
}
