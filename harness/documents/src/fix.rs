//! What mends a finding: changes of a document, made as edits of its text so that comments and layout stay.
//!
//! A change says what the document must become; the edits are worked out from it. The text that they make is read again, and
//! unless it is exactly the document that was meant, nothing is written. Nor is anything that lets in what was kept out, which is
//! proved of all traffic (`meaning`).

use crate::documents::Document;
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
    /// The value, as the engine calls it: `spec.rules[0].to[0].operation.paths[1]`.
    pub path: String,
    /// What becomes of it.
    pub to: To,
}

/// What becomes of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum To {
    /// This text.
    Text(String),
    /// It stays, and this text comes after it in its list.
    Beside(String),
    /// It is taken out of its list.
    Gone,
}

impl Fix {
    /// Changes of this document.
    pub fn new(document: &Document, changes: Vec<Change>) -> Self {
        Self {
            document: document.place("", false),
            changes,
        }
    }

    /// The file that it changes.
    pub fn place(&self) -> &Place {
        &self.document
    }
}

impl Change {
    /// The value becomes this text.
    pub fn text(path: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            to: To::Text(text.into()),
        }
    }

    /// This text comes after the value in its list.
    pub fn beside(path: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            to: To::Beside(text.into()),
        }
    }

    /// The value is taken out of its list.
    pub fn gone(path: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            to: To::Gone,
        }
    }

    /// The list that the value is in, and which of its values it is.
    pub fn item(&self) -> Option<(&str, usize)> {
        let (list, index) = self.path.strip_suffix(']')?.rsplit_once('[')?;
        Some((list, index.parse().ok()?))
    }
}
