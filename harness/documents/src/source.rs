//! A text and its origin.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// The text of one file, or of standard input.
#[derive(Debug, PartialEq, Eq)]
pub struct Source {
    /// The path as it was given, or `<stdin>`.
    pub name: String,
    /// The text.
    pub text: String,
    /// The start of each line, computed on demand: there may be a thousand messages about one file.
    lines: OnceLock<Vec<usize>>,
}

impl Source {
    /// A text with the name that messages use.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Arc<Self> {
        Arc::new(Self {
            name: name.into(),
            text: text.into(),
            lines: OnceLock::new(),
        })
    }

    /// The folder that contains it, as it was named.
    pub fn folder(&self) -> &Path {
        Path::new(&self.name).parent().unwrap_or(Path::new(""))
    }

    /// Whether two texts are in one folder, or one is in a folder above the other's. Sibling folders may be for
    /// different clusters.
    pub fn is_beside(&self, other: &Source) -> bool {
        let (own, other) = (self.folder(), other.folder());
        own.starts_with(other) || other.starts_with(own)
    }

    /// Line and column, both from 1, the column in characters.
    pub fn position(&self, offset: usize) -> (usize, usize) {
        let before = self.text.get(..offset).unwrap_or(&self.text);
        let lines = self.lines();
        let line = lines.partition_point(|start| *start <= before.len());
        let start = lines.get(line - 1).copied().unwrap_or(0);
        (line, before[start..].chars().count() + 1)
    }

    /// The byte offset of each line; the first is 0.
    pub fn lines(&self) -> &[usize] {
        self.lines.get_or_init(|| {
            let after = self.text.match_indices('\n').map(|(newline, _)| newline + 1);
            std::iter::once(0).chain(after).collect()
        })
    }
}

/// A part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The text.
    pub source: Arc<Source>,
    /// The range of bytes.
    pub span: Range<usize>,
}

impl Place {
    /// The text at this place.
    pub fn text(&self) -> Option<&str> {
        self.source.text.get(self.span.clone())
    }

    /// `FILE:LINE:COLUMN`.
    pub fn label(&self) -> String {
        let (line, column) = self.source.position(self.span.start);
        format!("{}:{line}:{column}", self.source.name)
    }
}

/// Shortens `./x` to `x`, for messages.
pub(crate) fn shown(path: &Path) -> PathBuf {
    let shown = path.strip_prefix(".").unwrap_or(path);
    if shown.as_os_str().is_empty() {
        PathBuf::from(".")
    } else {
        shown.to_owned()
    }
}
