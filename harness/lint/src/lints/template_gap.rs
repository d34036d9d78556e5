//! PW028: `/a/{**}` denies everything below `/a`, but not `/a`.
//!
//! `{**}` matches any number of characters, including none, but the slash before it is required: `/s/{**}/c` does not
//! match `/s/c`.

use peerwarden_documents::diagnostic::Severity;
use peerwarden_documents::fix::Change;

use crate::context::Policy;
use crate::lint::{Finder, Finding, Lint};
use crate::paths::Paths;
use crate::values::shut_out;

pub(crate) const LINT: Lint = Lint {
    code: "PW028",
    name: "template-gap",
    severity: Severity::Warning,
    summary: "a template that does not match the path above it",
    page: include_str!("../../../../docs/lints/PW028.md"),
    find: Finder::Policy(find),
};

fn find(policy: &Policy<'_>) -> Vec<Finding> {
    let paths = shut_out(&policy.written, "paths", "notPaths");
    let all = Paths::new(paths.iter().map(|(_, path)| *path));
    let mut findings = Vec::new();
    for (path, value) in &paths {
        let Some((above, below)) = value.split_once("/{**}") else {
            continue;
        };
        let missed = format!("{above}{below}");
        // A value with `{*}` stands for many paths, and `/` is rarely meant.
        if above.is_empty() || all.covers(&missed) {
            continue;
        }
        let finding = Finding::new(
            path.clone(),
            format!("`{value}` does not match `{missed}`"),
            format!("add `{missed}` to the list"),
        );
        findings.push(finding.fix(Change::beside(path.clone(), missed)));
    }
    findings
}
