//! PW025: a dry-run policy.
//!
//! It changes no verdict. If it is left on, people assume protection that does not exist.

use peerwarden_documents::diagnostic::Severity;
use peerwarden_engine::document::Path;

use crate::context::{DRY_RUN, Policy};
use crate::lint::{Finder, Finding, Lint};

pub(crate) const LINT: Lint = Lint {
    code: "PW025",
    name: "dry-run",
    severity: Severity::Warning,
    summary: "a dry run, which changes no verdict",
    page: include_str!("../../../../docs/lints/PW025.md"),
    find: Finder::Policy(find),
};

fn find(policy: &Policy<'_>) -> Vec<Finding> {
    let finding = || {
        Finding::new(
            Path::keys(["metadata", "annotations", DRY_RUN]),
            "this policy is a dry run and changes no verdict",
            "remove the annotation to enforce the policy",
        )
    };
    policy.is_dry_run().then(finding).into_iter().collect()
}
