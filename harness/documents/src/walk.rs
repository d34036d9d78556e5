//! Which files of a repository are read.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ignore::{Walk, WalkBuilder};

use crate::diagnostic::Diagnostic;

/// Folders that hold what others wrote.
const OF_OTHERS: [&str; 2] = ["vendor", "node_modules"];

/// A file with folders and files that are not searched, in the format of `.gitignore`.
const IGNORE_FILE: &str = ".peerwardenignore";

/// The files that are to be read.
#[derive(Debug, Default)]
pub struct Listing {
    /// In the order of their names, those that were named as they were.
    pub files: Vec<PathBuf>,
    /// Charts below the folders, whose templates are not among the files.
    pub charts: Vec<PathBuf>,
}

/// The files that `paths` name, folders with all that is below them. Of a folder only those that `wanted` accepts.
///
/// Folders are searched as ripgrep searches them: without what is hidden, and without what `.gitignore`, `.ignore` and
/// `.peerwardenignore` leave out; also without `vendor`, `node_modules`, and the templates of Helm charts.
///
/// # Errors
/// Paths that are not there or cannot be listed.
pub fn list(paths: &[PathBuf], wanted: impl Fn(&Path) -> bool) -> Result<Listing, Vec<Diagnostic>> {
    let mut listing = Listing::default();
    let mut wrong = Vec::new();
    for path in paths {
        if !path.is_dir() {
            listing.files.push(path.clone());
            continue;
        }
        let charts = Arc::new(Mutex::new(Vec::new()));
        for entry in walk(path, Arc::clone(&charts)) {
            match entry {
                Ok(entry) => {
                    let path = entry.path();
                    let is_file = entry.file_type().is_some_and(|kind| kind.is_file());
                    if is_file && is_text(path) && wanted(path) {
                        listing.files.push(shown(path));
                    }
                }
                Err(error) => wrong.push(Diagnostic::error(format!("a folder cannot be listed: {error}"))),
            }
        }
        listing.charts.append(&mut lock(&charts));
    }
    // The same file by two ways counts once.
    let mut seen = BTreeSet::new();
    listing.files.retain(|file| seen.insert(file.clone()));
    if wrong.is_empty() { Ok(listing) } else { Err(wrong) }
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
            return !OF_OTHERS.contains(&name);
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

/// `./x` is `x`, for messages.
fn shown(path: &Path) -> PathBuf {
    path.strip_prefix(".").unwrap_or(path).to_owned()
}

fn is_text(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    matches!(extension, Some("yaml" | "yml" | "json"))
}
