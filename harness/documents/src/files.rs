//! Reads files, and standard input.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ignore::{Walk, WalkBuilder};

use crate::diagnostic::Diagnostic;
use crate::documents::{Document, DocumentSet};
use crate::role::{FileRole, is_suite, may_hold_policies};
use crate::source::Source;
use crate::yaml::{self, Node};

/// Bytes of a file that is read: the most that the engine takes as a configuration.
const LIMIT: u64 = 32 * 1024 * 1024;

/// Reads a file, or standard input for `-`.
///
/// # Errors
/// What keeps it from being read, with what to do.
pub fn read(path: &Path) -> Result<Arc<Source>, Diagnostic> {
    let name = path.display().to_string();
    let mut bytes = Vec::new();
    let read = if name == "-" {
        std::io::stdin().take(LIMIT + 1).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(LIMIT + 1).read_to_end(&mut bytes))
    };
    if let Err(error) = read {
        return Err(Diagnostic::error(format!("`{name}` cannot be read: {error}")));
    }
    if bytes.len() as u64 > LIMIT {
        return Err(
            Diagnostic::error(format!("`{name}` is larger than {} MiB", LIMIT / (1024 * 1024)))
                .help("split it into several files"),
        );
    }
    let name = if name == "-" { "<stdin>".to_owned() } else { name };
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Source::new(name, text)),
        Err(error) => {
            let line = error.as_bytes()[..error.utf8_error().valid_up_to()]
                .iter()
                .filter(|byte| **byte == b'\n')
                .count()
                + 1;
            Err(Diagnostic::error(format!("`{name}` is not UTF-8 in line {line}"))
                .help("save it as UTF-8 text"))
        }
    }
}

/// The one document of a file.
///
/// # Errors
/// That it cannot be read, or that there are none or several.
pub fn one(path: &Path) -> Result<Document, Diagnostic> {
    let source = read(path)?;
    let mut nodes = yaml::documents(&source)?;
    match (nodes.pop(), nodes.is_empty()) {
        (Some(node), true) => Ok(Document { source, node }),
        (None, _) => Err(Diagnostic::error(format!("`{}` is empty", source.name))),
        (Some(_), false) => {
            let message = format!("`{}` has several documents, expected one", source.name);
            Err(Diagnostic::error(message).help("remove the others; pass policies with `--policies`"))
        }
    }
}

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
        let chart = entry
            .path()
            .parent()
            .filter(|parent| parent.join("Chart.yaml").is_file());
        match chart {
            Some(chart) if name == "templates" => {
                lock(&charts).push(shown(chart));
                false
            }
            Some(_) | None => !OF_OTHERS.contains(&name),
        }
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

/// Adds the documents of a file to others. What cannot be read is passed over if it was found in a folder and holds no policy.
///
/// # Errors
/// What keeps it from being read.
pub fn add(set: &mut DocumentSet, file: &Path, is_named: bool) -> Result<(), Diagnostic> {
    let pass_over = |set: &mut DocumentSet, wrong: Diagnostic| {
        set.passed_over.unreadable.push((file.to_owned(), wrong.message));
        Ok(())
    };
    let source = match read(file) {
        Ok(source) => source,
        Err(wrong) if is_named || holds_policies(file) => return Err(wrong),
        Err(wrong) => return pass_over(set, wrong),
    };
    match set.add(&source, is_named) {
        Err(wrong) if !is_named && !may_hold_policies(&source.text) => pass_over(set, wrong),
        added => added,
    }
}

/// Whether a file that is not text, or too long, plausibly holds a policy.
pub fn holds_policies(file: &Path) -> bool {
    let mut bytes = Vec::new();
    let read = std::fs::File::open(file).and_then(|file| file.take(LIMIT).read_to_end(&mut bytes));
    read.is_err() || may_hold_policies(&String::from_utf8_lossy(&bytes))
}

/// The suites in `paths`: what is named, and in folders what has the name and the keys of one.
///
/// # Errors
/// Paths that are not there or cannot be listed.
pub fn suites(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Vec<Diagnostic>> {
    let mut files = list(paths, is_suite)?.files;
    files.retain(|file| paths.contains(file) || role(file) == FileRole::Suite);
    Ok(files)
}

/// The policy documents in `paths`. Suites, their fixtures, and documents that decide nothing, are left out of folders.
///
/// # Errors
/// Everything that keeps one of the files from being read.
pub fn load(paths: &[PathBuf]) -> Result<Vec<Document>, Vec<Diagnostic>> {
    let mut set = DocumentSet::default();
    let mut wrong = Vec::new();
    for file in list(paths, |_| true)?.files {
        let is_named = paths.contains(&file);
        if is_named || role(&file) == FileRole::Manifests {
            wrong.extend(add(&mut set, &file, is_named).err());
        }
    }
    if wrong.is_empty() {
        Ok(set.policies)
    } else {
        Err(wrong)
    }
}

/// What a file in a folder is for; what cannot be read is no suite.
pub fn role(file: &Path) -> FileRole {
    match FileRole::of_name(file) {
        FileRole::Manifests => FileRole::Manifests,
        FileRole::Suite | FileRole::Fixtures => match read(file) {
            Ok(source) => FileRole::of_text(file, &source.text),
            Err(_) => FileRole::Manifests,
        },
    }
}

/// The documents of one kind in `paths`, those of any version of the group.
///
/// # Errors
/// Everything that keeps one of the files from being read; also that a file that was named has none.
pub fn load_kind(paths: &[PathBuf], group: &str, kind: &str) -> Result<Vec<Document>, Vec<Diagnostic>> {
    let mut documents = Vec::new();
    let mut wrong = Vec::new();
    for file in list(paths, |file| FileRole::of_name(file) == FileRole::Manifests)?.files {
        let source = match read(&file) {
            Ok(source) => source,
            Err(diagnostic) => {
                wrong.push(diagnostic);
                continue;
            }
        };
        let before = documents.len();
        match yaml::documents(&source) {
            Ok(nodes) => {
                for node in nodes {
                    let source = Arc::clone(&source);
                    Document { source, node }.flatten(&mut documents);
                }
            }
            Err(diagnostic) => wrong.push(diagnostic),
        }
        let mut index = 0;
        documents.retain(|document: &Document| {
            let text = |name| document.node.get(name).and_then(Node::as_str).unwrap_or_default();
            let known = index < before;
            index += 1;
            known || (text("kind") == kind && text("apiVersion").starts_with(group))
        });
        if documents.len() == before && paths.contains(&file) && wrong.is_empty() {
            let message = format!("`{}` has no `{kind}` of `{group}`", source.name);
            wrong.push(Diagnostic::error(message).help("check its `apiVersion` and `kind`"));
        }
    }
    if wrong.is_empty() {
        Ok(documents)
    } else {
        Err(wrong)
    }
}

fn is_text(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    matches!(extension, Some("yaml" | "yml" | "json"))
}
