//! The definition of a lint.

mod finding;

pub(crate) use finding::Finding;

use peerwarden_documents::diagnostic::{Diagnostic, Severity};
use peerwarden_documents::yaml::Node;

use crate::context::{Context, Modes, Policy};
use crate::workload::Workload;

/// One lint.
#[derive(Debug)]
pub struct Lint {
    /// A stable code: `PW` and three digits.
    pub code: &'static str,
    /// Words joined by dashes.
    pub name: &'static str,
    /// The default severity; `peerwarden.toml` may change it.
    pub severity: Severity,
    /// A one-line description.
    pub summary: &'static str,
    /// Its page: what it means, why it matters, an example that triggers it and one that does not.
    pub page: &'static str,
    pub(crate) find: Finder,
}

/// The function of a lint, by its input.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Finder {
    /// Each authorization policy by itself.
    Policy(fn(&Policy<'_>) -> Vec<Finding>),
    /// Each authorization policy, and then each `PeerAuthentication`, among the other documents.
    Each {
        policy: fn(&Context<'_>, &Policy<'_>) -> Vec<Diagnostic>,
        modes: fn(&Context<'_>, &Modes<'_>) -> Vec<Diagnostic>,
    },
    /// All documents together.
    All(fn(&Context<'_>) -> Vec<Diagnostic>),
    /// The comments that suppress other findings.
    Suppressions,
}

impl Lint {
    /// The findings for a workload.
    pub(crate) fn of_workload(&self, workload: &Workload<'_>, message: &str, node: &Node) -> Diagnostic {
        self.found(format!("{}: {message}", workload.title))
            .at(workload.place(node))
    }

    /// Creates a finding of this lint.
    pub(crate) fn found(&self, message: impl Into<String>) -> Diagnostic {
        Diagnostic::found(self.code, self.severity, message)
    }
}
