//! Reads files, and standard input.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::documents::Document;
use crate::role::{FileRole, may_hold_policies};
use crate::source::Source;
use crate::yaml;

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

/// Whether a file that is not text, or too long, plausibly holds a policy.
pub fn holds_policies(file: &Path) -> bool {
    let mut bytes = Vec::new();
    let read = std::fs::File::open(file).and_then(|file| file.take(LIMIT).read_to_end(&mut bytes));
    read.is_err() || may_hold_policies(&String::from_utf8_lossy(&bytes))
}

/// What a file is for. The name of one that was named says it; one that was found in a folder must be readable to be a suite.
pub fn role(file: &Path, is_named: bool) -> FileRole {
    match FileRole::of_name(file) {
        role if is_named => role,
        FileRole::Manifests => FileRole::Manifests,
        FileRole::Suite | FileRole::Fixtures => match read(file) {
            Ok(source) => FileRole::of_text(file, &source.text),
            Err(_) => FileRole::Manifests,
        },
    }
}
