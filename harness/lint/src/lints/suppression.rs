//! PW030: comments that suppress findings, `# peerwarden: ignore PW005 -- reason`, at the end of the line in question
//! or on lines of their own before it.
//!
//! A suppression that suppresses nothing hides the next mistake, and one without a reason does not help its readers.

use peerwarden_documents::diagnostic::Severity;

use crate::lint::{Finder, Lint};

pub(crate) const LINT: Lint = Lint {
    code: "PW030",
    name: "suppression",
    severity: Severity::Warning,
    summary: "a suppression without effect or reason",
    page: include_str!("../../../../docs/lints/PW030.md"),
    find: Finder::Suppressions,
};
