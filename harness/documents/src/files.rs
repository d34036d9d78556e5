//! Reads files, and standard input.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use walkdir::WalkDir;

use crate::diagnostic::Diagnostic;
use crate::documents::{self, Document, is_policies};
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

/// The files that `paths` name, folders with all that is below them, in the order of their names. Of a folder only those
/// that `wanted` accepts.
///
/// # Errors
/// Paths that are not there or cannot be listed.
pub fn list(paths: &[PathBuf], wanted: impl Fn(&Path) -> bool) -> Result<Vec<PathBuf>, Vec<Diagnostic>> {
    let mut files = Vec::new();
    let mut wrong = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        for entry in WalkDir::new(path).sort_by_file_name() {
            match entry {
                Ok(entry) if entry.file_type().is_file() && is_text(entry.path()) && wanted(entry.path()) => {
                    // `./x` is `x`, for messages.
                    let path = entry.path();
                    files.push(path.strip_prefix(".").unwrap_or(path).to_owned());
                }
                Ok(_) => {}
                Err(error) => wrong.push(Diagnostic::error(format!("a folder cannot be listed: {error}"))),
            }
        }
    }
    // The same file by two ways counts once.
    let mut seen = std::collections::BTreeSet::new();
    files.retain(|file| seen.insert(file.clone()));
    if wrong.is_empty() { Ok(files) } else { Err(wrong) }
}

/// The policy documents in `paths`. Suites, their fixtures, and documents of other API groups, are left out of folders.
///
/// # Errors
/// Everything that keeps one of the files from being read.
pub fn load(paths: &[PathBuf]) -> Result<Vec<Document>, Vec<Diagnostic>> {
    let mut documents = Vec::new();
    let mut wrong = Vec::new();
    for file in list(paths, is_policies)? {
        match read(&file).and_then(|source| documents::read(&source)) {
            Ok(read) => documents.extend(read),
            Err(diagnostic) => wrong.push(diagnostic),
        }
    }
    if wrong.is_empty() {
        Ok(documents)
    } else {
        Err(wrong)
    }
}

/// The documents of one kind in `paths`, those of any version of the group.
///
/// # Errors
/// Everything that keeps one of the files from being read; also that a file that was named has none.
pub fn load_kind(paths: &[PathBuf], group: &str, kind: &str) -> Result<Vec<Document>, Vec<Diagnostic>> {
    let mut documents = Vec::new();
    let mut wrong = Vec::new();
    for file in list(paths, is_policies)? {
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
