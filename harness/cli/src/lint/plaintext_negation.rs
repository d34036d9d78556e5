//! PW001: an ALLOW rule that only says who is *not* meant.
//!
//! A peer without a certificate is none of those named, so plaintext passes.

use peerwarden_engine::resource::{Action, Source};

use super::{Find, Finding, Lint, Policy};
use crate::diagnostic::Severity;

pub(super) const LINT: Lint = Lint {
    code: "PW001",
    name: "plaintext-negation",
    severity: Severity::Warning,
    summary: "an ALLOW rule that only says who is not meant lets plaintext in",
    page: include_str!("../../../../docs/lints/PW001.md"),
    find: Find::Policy(find),
};

fn find(policy: &Policy<'_>) -> Vec<Finding> {
    let policy = &policy.written;
    if policy.action != Action::Allow {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for (rule_index, rule) in policy.rules.iter().flatten().enumerate() {
        let by_condition = rule.when.iter().any(|condition| {
            matches!(
                condition.key.as_str(),
                "source.principal" | "source.namespace" | "source.serviceAccount"
            ) && !condition.values.is_empty()
        });
        for (index, source) in rule.from.iter().flatten().enumerate() {
            let identity = |source: &Source| {
                [
                    &source.principals,
                    &source.namespaces,
                    &source.service_accounts,
                    &source.trust_domains,
                ]
                .iter()
                .any(|values| !values.is_empty())
                    || !source.request_principals.is_empty()
            };
            let negative = [
                ("notPrincipals", &source.not_principals),
                ("notNamespaces", &source.not_namespaces),
                ("notServiceAccounts", &source.not_service_accounts),
                ("notTrustDomains", &source.not_trust_domains),
            ];
            let negative = negative.iter().find(|(_, values)| !values.is_empty());
            if let (Some((field, _)), false, false) = (negative, identity(source), by_condition) {
                findings.push(Finding::new(format!("spec.rules[{rule_index}].from[{index}].source.{field}"), format!("rule {rule_index} admits plaintext: a peer without a certificate is none of `{field}`"), "add `principals: [\"*\"]` beside it for authenticated peers only"));
            }
        }
    }
    findings
}
