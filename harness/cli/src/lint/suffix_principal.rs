//! PW002: an ALLOW rule whose principal may be of any trust domain.
//!
//! `*/ns/web/sa/frontend` also matches the identity of that name in every other mesh whose certificates are trusted.

use peerwarden_engine::resource::{Action, AuthorizationPolicy};

use super::Finding;

pub(super) fn find(policy: &AuthorizationPolicy) -> Vec<Finding> {
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
                    findings.push(Finding {
                        path: format!(
                            "spec.rules[{rule_index}].from[{index}].source.principals[{value_index}]"
                        ),
                        message: format!("`{value}` matches in every trust domain"),
                        help: "write the trust domain, such as `cluster.local/ns/web/sa/frontend`",
                    });
                }
            }
        }
    }
    findings
}
