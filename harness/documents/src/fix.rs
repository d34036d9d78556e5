//! What fixes a finding: changes of a document. `peerwarden-lint` works out the edits of its text.

use peerwarden_engine::document::{Path, Step};

use crate::source::Place;

/// Changes of one document that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// Where the document begins.
    pub document: Place,
    /// In the order of the text.
    pub changes: Vec<Change>,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The value, such as `spec.rules[0].to[0].operation.paths[1]`.
    pub path: Path,
    /// What becomes of it.
    pub to: ValueChange,
}

/// What becomes of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ValueChange {
    /// This text.
    Text(String),
    /// It stays, and this text comes after it in its list.
    Beside(String),
    /// It is taken out of its list.
    Gone,
}

impl Fix {
    /// Changes of the document that begins there.
    pub fn new(document: Place, changes: Vec<Change>) -> Self {
        Self { document, changes }
    }

    /// The file that it changes.
    pub fn place(&self) -> &Place {
        &self.document
    }
}

impl Change {
    /// The value becomes this text.
    pub fn text(path: Path, text: impl Into<String>) -> Self {
        Self {
            path,
            to: ValueChange::Text(text.into()),
        }
    }

    /// This text comes after the value in its list.
    pub fn beside(path: Path, text: impl Into<String>) -> Self {
        Self {
            path,
            to: ValueChange::Beside(text.into()),
        }
    }

    /// The value is taken out of its list.
    pub fn gone(path: Path) -> Self {
        Self {
            path,
            to: ValueChange::Gone,
        }
    }

    /// The list that the value is in, and which of its values it is.
    pub fn item(&self) -> Option<(&[Step], usize)> {
        match self.path.split_last()? {
            (Step::Index(index), list) => Some((list, *index)),
            (Step::Key(_), _) => None,
        }
    }
}
