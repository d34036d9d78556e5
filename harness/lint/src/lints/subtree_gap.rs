//! PW029: `/admin/*` denies everything below `/admin`, but not `/admin`.
//!
//! Most applications give the same answer for both.

use peerwarden_documents::diagnostic::{Diagnostic, Severity};
use peerwarden_documents::fix::Change;
use peerwarden_engine::resource::Rule;

use crate::context::standing::NoDecisionReason;
use crate::context::{Context, Policy};
use crate::lint::{Finder, Finding, Lint};
use crate::paths::Paths;
use crate::values::shut_out;

pub(crate) const LINT: Lint = Lint {
    code: "PW029",
    name: "subtree-gap",
    severity: Severity::Warning,
    summary: "a prefix that does not match the path above it",
    page: include_str!("../../../../docs/lints/PW029.md"),
    find: Finder::All(find),
};

fn find(context: &Context<'_>) -> Vec<Diagnostic> {
    // Where a DENY leaves nothing of a rule (PW013), no path opens anything.
    let idle = context.idle_rules().iter();
    let void: Vec<_> = idle
        .filter(|standing| matches!(standing.why, NoDecisionReason::Refused { .. }))
        .map(|standing| (standing.policy(context).title(), standing.rule()))
        .collect();
    let of_one = |policy: &Policy<'_>| -> Vec<Diagnostic> {
        let is_void = |finding: &Finding| {
            let is_of = |(title, rule): &(String, usize)| {
                *title == policy.title() && finding.path().starts_with(&Rule::path(*rule))
            };
            void.iter().any(is_of)
        };
        let findings = of_policy(policy).into_iter();
        let findings = findings.filter(|finding| !is_void(finding));
        findings.map(|finding| finding.in_policy(&LINT, policy)).collect()
    };
    context.policies.iter().flat_map(of_one).collect()
}

fn of_policy(policy: &Policy<'_>) -> Vec<Finding> {
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
