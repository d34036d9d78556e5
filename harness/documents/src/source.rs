//! A text and where it came from.

use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use crate::diagnostic::Diagnostic;

/// Bytes of a file that is read: the most that the engine takes as a configuration.
const LIMIT: u64 = 32 * 1024 * 1024;

/// The text of one file, or of standard input.
#[derive(Debug, PartialEq, Eq)]
pub struct Source {
    /// The path as it was given, or `<stdin>`.
    pub name: String,
    /// The text.
    pub text: String,
    /// Where its lines begin, found when first asked for: there may be a thousand messages about one file.
    lines: OnceLock<Vec<usize>>,
}

impl Source {
    /// A text with the name that messages have for it.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Arc<Self> {
        Arc::new(Self {
            name: name.into(),
            text: text.into(),
            lines: OnceLock::new(),
        })
    }

    /// Reads a file, or standard input for `-`.
    ///
    /// # Errors
    /// What keeps it from being read, with what to do.
    pub fn read(path: &Path) -> Result<Arc<Self>, Diagnostic> {
        use std::io::Read;

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
            Ok(text) => Ok(Self::new(name, text)),
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

    /// The folder that it is in, as it was named.
    pub fn folder(&self) -> &Path {
        Path::new(&self.name).parent().unwrap_or(Path::new(""))
    }

    /// Whether two texts are in one folder, or one of them in a folder above the other's. Folders beside each other may be for
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

    /// The byte at which each line begins; the first is 0.
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
    /// From which byte to which.
    pub span: Range<usize>,
}

impl Place {
    /// What stands there.
    pub fn text(&self) -> Option<&str> {
        self.source.text.get(self.span.clone())
    }

    /// `FILE:LINE:COLUMN`.
    pub fn label(&self) -> String {
        let (line, column) = self.source.position(self.span.start);
        format!("{}:{line}:{column}", self.source.name)
    }
}
