//! A finding in one policy.

use peerwarden_documents::diagnostic::{Diagnostic, Severity};
use peerwarden_documents::documents::Document;
use peerwarden_documents::fix::{Change, Fix};
use peerwarden_engine::document::Path;

use super::Lint;
use crate::context::Policy;
use crate::proof::Proof;

/// The message, the path in the document, and the help.
pub(crate) struct Finding {
    path: Path,
    /// Whether it is about the field's name rather than its value.
    on_key: bool,
    severity: Option<Severity>,
    message: String,
    help: String,
    notes: Vec<String>,
    related: Vec<(Path, String)>,
    changes: Vec<Change>,
}

impl Finding {
    pub(crate) fn new(path: Path, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            path,
            on_key: false,
            severity: None,
            message: message.into(),
            help: help.into(),
            notes: Vec::new(),
            related: Vec::new(),
            changes: Vec::new(),
        }
    }

    /// Points to the name of the field.
    pub(crate) fn on_key(mut self) -> Self {
        self.on_key = true;
        self
    }

    /// Makes it an error, whatever the lint's severity: someone is allowed who should be denied.
    pub(crate) fn grave_if(mut self, grave: bool) -> Self {
        self.severity = grave.then_some(Severity::Error);
        self
    }

    /// Whether it can be mended without anybody's judgement.
    pub(crate) fn has_fix(&self) -> bool {
        !self.changes.is_empty()
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Adds evidence: the engine's decision about a request.
    pub(crate) fn shown(mut self, proof: &Proof) -> Self {
        self.notes.push(proof.to_string());
        self
    }

    /// Adds the engine's decision without the part that the finding is about.
    pub(crate) fn shown_without(mut self, proof: &Proof) -> Self {
        self.notes.push(proof.without());
        self
    }

    /// Adds another place in the document, with a label.
    pub(crate) fn also(mut self, path: Path, what: impl Into<String>) -> Self {
        self.related.push((path, what.into()));
        self
    }

    /// Adds a fix. The fix must not allow anything that was denied: it is applied without review.
    pub(crate) fn fix(mut self, change: Change) -> Self {
        self.changes.push(change);
        self
    }

    /// The finding as it is reported: with the policy's name and the place in the text.
    pub(crate) fn in_policy(self, lint: &Lint, policy: &Policy<'_>) -> Diagnostic {
        self.in_document(lint, policy.document, &policy.title())
    }

    /// The same for any document.
    pub(crate) fn in_document(self, lint: &Lint, document: &Document, title: &str) -> Diagnostic {
        let mut found = lint
            .found(format!("{title}: {}", self.message))
            .at(document.place(&self.path, self.on_key))
            .help(self.help);
        found.severity = self.severity.unwrap_or(found.severity);
        found.details.notes = self.notes;
        for (path, what) in self.related {
            found = found.also(document.place(&path, false), what);
        }
        if self.changes.is_empty() {
            found
        } else {
            found.fixed_by(Fix::new(document.place(&[], false), self.changes))
        }
    }
}
