//! What commands read of the paths that they are given.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::diagnostic::{self, Diagnostic};
use crate::document_set::DocumentSet;
use crate::documents::Document;
use crate::files::{holds_policies, read, role};
use crate::namespace::Namespaces;
use crate::role::{FileRole, is_suite, may_hold_policies};
use crate::walk::list;
use crate::yaml::{self, Node};

/// Adds the documents of a file to a set. A file in a folder is skipped if it cannot be read and does not mention a policy.
///
/// # Errors
/// What keeps it from being read.
pub fn add(
    set: &mut DocumentSet,
    namespaces: &Namespaces,
    file: &Path,
    is_named: bool,
) -> Result<(), Diagnostic> {
    let pass_over = |set: &mut DocumentSet, wrong: Diagnostic| {
        set.passed_over.unreadable.push((file.to_owned(), wrong.message));
        Ok(())
    };
    let source = match read(file) {
        Ok(source) => source,
        Err(wrong) if is_named || holds_policies(file) => return Err(wrong),
        Err(wrong) => return pass_over(set, wrong),
    };
    match set.add(&source, namespaces, is_named) {
        Err(wrong) if !is_named && !may_hold_policies(&source.text) => pass_over(set, wrong),
        added => added,
    }
}

/// The suites in `paths`: what is named, and in folders what has the name and the keys of one.
///
/// # Errors
/// Paths that are not there or cannot be listed.
pub fn suites(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Vec<Diagnostic>> {
    let mut files = list(paths, is_suite)?.files;
    files.retain(|file| paths.contains(file) || role(file, false) == FileRole::Suite);
    Ok(files)
}

/// The policy documents in `paths`. Suites, their fixtures, and documents that decide nothing, are left out of folders.
///
/// # Errors
/// Everything that keeps one of the files from being read.
pub fn policies(paths: &[PathBuf]) -> Result<Vec<Document>, Vec<Diagnostic>> {
    let mut set = DocumentSet::default();
    let mut wrong = Vec::new();
    let files = list(paths, |_| true)?.files;
    let namespaces = Namespaces::of(&files);
    for file in files {
        let is_named = paths.contains(&file);
        if is_named || role(&file, false) == FileRole::Manifests {
            wrong.extend(add(&mut set, &namespaces, &file, is_named).err());
        }
    }
    diagnostic::note_default(set.of_default);
    if wrong.is_empty() {
        Ok(set.policies)
    } else {
        Err(wrong)
    }
}

/// The documents of one kind in `paths`, those of any version of the group.
///
/// # Errors
/// Everything that keeps one of the files from being read; also that a file that was named has none.
pub fn of_kind(paths: &[PathBuf], group: &str, kind: &str) -> Result<Vec<Document>, Vec<Diagnostic>> {
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
