//! Suites that cannot run, and what is wrong with them.

use peerwarden_documents::count::counted;
use peerwarden_documents::diagnostic::Diagnostic;

use super::Report;

/// The largest number of errors of one suite shown to people.
const SHOWN: usize = 10;

/// A suite that cannot run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokenSuite {
    /// Its path as it was given; empty for errors of the whole run.
    pub name: String,
    /// The errors in it, or in a file that it names.
    pub wrong: Vec<Diagnostic>,
}

impl Report {
    /// Each error once, in the order of the suites: several suites may name the same file.
    pub(super) fn errors(&self) -> Vec<&Diagnostic> {
        let mut errors: Vec<&Diagnostic> = Vec::new();
        for error in self.broken.iter().flat_map(|suite| &suite.wrong) {
            if !errors.contains(&error) {
                errors.push(error);
            }
        }
        errors
    }

    /// The errors for people: the first few of each suite, and the number of the others.
    pub(super) fn errors_for_people(&self) -> Vec<Diagnostic> {
        let mut errors: Vec<Diagnostic> = Vec::new();
        for suite in &self.broken {
            let own: Vec<&Diagnostic> = suite
                .wrong
                .iter()
                .filter(|error| !errors.contains(error))
                .collect();
            let more = own.len().saturating_sub(SHOWN);
            errors.extend(own.into_iter().take(SHOWN).cloned());
            if more > 0 {
                let more = counted(more as u64, "more error");
                errors.push(Diagnostic::error(format!("`{}` has {more}", suite.name)));
            }
        }
        errors
    }
}
