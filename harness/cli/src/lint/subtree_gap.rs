//! PW029: `/admin/*` shuts out what is below `/admin`, and not `/admin`.
//!
//! Applications mostly answer the same for both.

use super::pattern::covers_path;
use super::values::shut_out;
use super::{Find, Finding, Lint, Policy};
use crate::diagnostic::Severity;
use crate::fix::Change;

pub(super) const LINT: Lint = Lint {
    code: "PW029",
    name: "subtree-gap",
    severity: Severity::Warning,
    summary: "a prefix that misses the path above",
    page: include_str!("../../../../docs/lints/PW029.md"),
    find: Find::Policy(find),
};

fn find(policy: &Policy<'_>) -> Vec<Finding> {
    let paths = shut_out(&policy.written, "paths", "notPaths");
    let mut findings = Vec::new();
    for (path, value) in &paths {
        let above = value
            .strip_suffix("/*")
            .filter(|above| above.starts_with('/') && !above.contains('{'));
        let Some(above) = above.filter(|above| !paths.iter().any(|(_, other)| covers_path(other, above)))
        else {
            continue;
        };
        let finding = Finding::new(
            path,
            format!("`{value}` does not match `{above}`"),
            format!("add `{above}` beside it"),
        );
        findings.push(finding.fix(Change::beside(path, above)));
    }
    findings
}
