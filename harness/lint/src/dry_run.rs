//! PW025: a policy that is a dry run.
//!
//! It changes no verdict. Left on, it is taken for protection that is not there.

use peerwarden_documents::diagnostic::Severity;

use crate::context::Policy;
use crate::finding::Finding;
use crate::lint::{Find, Lint};

pub(crate) const LINT: Lint = Lint {
    code: "PW025",
    name: "dry-run",
    severity: Severity::Warning,
    summary: "a dry run that is left on",
    page: include_str!("../../../docs/lints/PW025.md"),
    find: Find::Policy(find),
};

const ANNOTATION: &str = "istio.io/dry-run";

fn find(policy: &Policy<'_>) -> Vec<Finding> {
    let annotation = policy.written.metadata.annotation(ANNOTATION);
    let finding = || {
        Finding::new(
            format!("metadata.annotations[\"{ANNOTATION}\"]"),
            "it is a dry run, and changes no verdict",
            "take the annotation out when the policy is meant to be enforced",
        )
    };
    annotation
        .filter(|value| is_on(value))
        .map(|_| finding())
        .into_iter()
        .collect()
}

/// As Go's `strconv.ParseBool` reads it.
pub(crate) fn is_on(value: &str) -> bool {
    matches!(value, "1" | "t" | "T" | "TRUE" | "true" | "True")
}
