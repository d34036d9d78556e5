//! Reads files, and standard input.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::documents::Document;
use crate::role::{FileRole, is_expectation};
use crate::source::Source;
use crate::yaml;

/// The largest file that is read, in bytes; the engine accepts no larger configuration.
const LIMIT: u64 = 32 * 1024 * 1024;

/// Reads a file, or standard input for `-`.
///
/// # Errors
///
/// If it cannot be read; the message says what to do.
pub fn read(path: &Path) -> Result<Arc<Source>, Diagnostic> {
    let bytes = bytes(path).map_err(|error| closed(path, &error))?;
    text(path, bytes)
}

/// The bytes of a file, or of standard input for `-`. If the file is too large, reading stops just past the limit.
///
/// # Errors
///
/// If it cannot be opened.
pub fn bytes(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if path.as_os_str() == "-" {
        std::io::stdin().take(LIMIT + 1).read_to_end(&mut bytes)?;
    } else {
        std::fs::File::open(path)?
            .take(LIMIT + 1)
            .read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

/// The message for a file that cannot be opened.
pub fn closed(path: &Path, error: &std::io::Error) -> Diagnostic {
    Diagnostic::error(format!("cannot read `{}`: {error}", path.display()))
}

/// The text of a file with these bytes.
///
/// # Errors
///
/// If there are too many bytes, or they are not text.
pub fn text(path: &Path, bytes: Vec<u8>) -> Result<Arc<Source>, Diagnostic> {
    let name = path.display().to_string();
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

/// The only document of a file.
///
/// # Errors
///
/// If it cannot be read, or has no document or several.
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

/// The role of a file: its name does not make it a suite, as other tools use such names too.
pub fn role(file: &Path) -> FileRole {
    match FileRole::of_name(file) {
        FileRole::Manifests if is_expectation(file) => FileRole::Expectation,
        FileRole::Manifests | FileRole::Expectation => FileRole::Manifests,
        FileRole::Suite | FileRole::Fixtures => match read(file) {
            Ok(source) => FileRole::of_text(file, &source.text),
            Err(_) => FileRole::Manifests,
        },
    }
}
