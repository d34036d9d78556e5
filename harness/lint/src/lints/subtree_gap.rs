//! PW029: `/admin/*` denies everything below `/admin`, but not `/admin`.
//!
//! Most applications give the same answer for both.

use peerwarden_documents::diagnostic::Severity;
use peerwarden_documents::fix::Change;

use crate::context::Policy;
use crate::lint::{Finder, Finding, Lint};
use crate::paths::Paths;
use crate::values::shut_out;

pub(crate) const LINT: Lint = Lint {
    code: "PW029",
    name: "subtree-gap",
    severity: Severity::Warning,
    summary: "a prefix that does not match the path above it",
    page: include_str!("../../../../docs/lints/PW029.md"),
    find: Finder::Policy(find),
};

fn find(policy: &Policy<'_>) -> Vec<Finding> {
    let paths = shut_out(&policy.written, "paths", "notPaths");
    let all = Paths::new(paths.iter().map(|(_, path)| *path));
    let mut findings = Vec::new();
    for (path, value) in &paths {
        let above = value.strip_suffix("/*");
        let above = above.filter(|above| above.starts_with('/') && !above.contains('{'));
        if let Some(above) = above.filter(|above| !all.covers(above)) {
            let message = format!("`{value}` does not match `{above}`");
            let finding = Finding::new(path.clone(), message, format!("add `{above}` to the list"));
            findings.push(finding.fix(Change::beside(path.clone(), above)));
        }
    }
    findings
}
