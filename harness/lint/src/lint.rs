//! What a lint is.

mod finding;

pub(crate) use finding::Finding;

use peerwarden_documents::diagnostic::{Diagnostic, Severity};
use peerwarden_documents::yaml::Node;

use crate::context::{Context, Policy};
use crate::workload::Workload;

/// One lint.
#[derive(Debug)]
pub struct Lint {
    /// Stable: `PW` and three digits.
    pub code: &'static str,
    /// In words joined by dashes.
    pub name: &'static str,
    /// How bad what it finds is, unless `peerwarden.toml` says otherwise.
    pub severity: Severity,
    /// What it finds, in one line.
    pub summary: &'static str,
    /// Its page: what, why it matters, an example that triggers it and one that does not.
    pub page: &'static str,
    pub(crate) find: Finder,
}

/// What a lint looks at.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Finder {
    /// Each authorization policy by itself.
    Policy(fn(&Policy<'_>) -> Vec<Finding>),
    /// All documents together.
    All(fn(&Context<'_>) -> Vec<Diagnostic>),
    /// The comments that suppress what the others find.
    Suppressions,
}

impl Lint {
    /// What it finds of a workload.
    pub(crate) fn of_workload(&self, workload: &Workload<'_>, message: &str, node: &Node) -> Diagnostic {
        self.found(format!("{}: {message}", workload.title))
            .at(workload.place(node))
    }

    /// What it finds.
    pub(crate) fn found(&self, message: impl Into<String>) -> Diagnostic {
        Diagnostic::found(self.code, self.severity, message)
    }
}
