//! PW002: an ALLOW rule whose principal may be of any trust domain.
//!
//! `*/ns/web/sa/frontend` also matches the identity of that name in every other trusted mesh.

use peerwarden_documents::diagnostic::Severity;
use peerwarden_engine::resource::{Action, Rule};

use crate::context::Policy;
use crate::lint::{Finder, Finding, Lint};

pub(crate) const LINT: Lint = Lint {
    code: "PW002",
    name: "suffix-principal",
    severity: Severity::Warning,
    summary: "a principal that matches in any trust domain",
    page: include_str!("../../../../docs/lints/PW002.md"),
    find: Finder::Policy(find),
};

fn find(policy: &Policy<'_>) -> Vec<Finding> {
    let policy = &policy.written;
    if policy.action != Action::Allow {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for (rule_index, rule) in policy.rules.iter().flatten().enumerate() {
        for (index, source) in rule.from.iter().flatten().enumerate() {
            if !source.trust_domains.is_empty() {
                continue;
            }
            for (value_index, value) in source.principals.iter().enumerate() {
                if value.len() > 1 && value.starts_with('*') {
                    let source = Rule::path(rule_index).key("from").index(index).key("source");
                    findings.push(Finding::new(
                        source.key("principals").index(value_index),
                        format!("`{value}` matches in every trust domain"),
                        "write the trust domain as well, as in `cluster.local/ns/web/sa/frontend`",
                    ));
                }
            }
        }
    }
    findings
}
