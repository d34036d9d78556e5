//! Fixes of findings, as changes of a document. `peerwarden-lint` computes the edits of its text.

use peerwarden_engine::document::{Path, Step};

use crate::source::Place;

/// Changes of one document that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// Where the document begins.
    pub document: Place,
    /// The changes, in the order of the text.
    pub changes: Vec<Change>,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The path of the value, such as `spec.rules[0].to[0].operation.paths[1]`.
    pub path: Path,
    /// The new value.
    pub to: ValueChange,
}

/// A change of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ValueChange {
    /// Replaces it with this text.
    Text(String),
    /// Keeps it, and adds this text after it in its list.
    Beside(String),
    /// Removes it from its list.
    Gone,
}

impl Fix {
    /// Creates a fix of the document that begins at this place.
    pub fn new(document: Place, changes: Vec<Change>) -> Self {
        Self { document, changes }
    }

    /// The file that it changes.
    pub fn place(&self) -> &Place {
        &self.document
    }
}

impl Change {
    /// Replaces the value with this text.
    pub fn text(path: Path, text: impl Into<String>) -> Self {
        Self {
            path,
            to: ValueChange::Text(text.into()),
        }
    }

    /// Adds this text after the value in its list.
    pub fn beside(path: Path, text: impl Into<String>) -> Self {
        Self {
            path,
            to: ValueChange::Beside(text.into()),
        }
    }

    /// Removes the value from its list.
    pub fn gone(path: Path) -> Self {
        Self {
            path,
            to: ValueChange::Gone,
        }
    }

    /// The list that contains the value, and the value's index.
    pub fn item(&self) -> Option<(&[Step], usize)> {
        match self.path.split_last()? {
            (Step::Index(index), list) => Some((list, *index)),
            (Step::Key(_), _) => None,
        }
    }
}
