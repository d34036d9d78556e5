//! PW001: an ALLOW rule that only says who is *not* allowed.
//!
//! A peer without a certificate is none of those named, so plaintext passes.

use peerwarden_documents::diagnostic::{Diagnostic, Severity};
use peerwarden_engine::resource::{Action, MtlsMode, Rule, Source};
use peerwarden_engine::{Protocol, Verdict};

use crate::context::{Context, Policy};
use crate::lint::{Finder, Finding, Lint};
use crate::lints::identity_in_plaintext::ports;
use crate::proof::Proof;
use crate::sample;
use crate::workload::sets;

pub(crate) const LINT: Lint = Lint {
    code: "PW001",
    name: "plaintext-negation",
    severity: Severity::Warning,
    summary: "an ALLOW rule that lets plaintext in",
    page: include_str!("../../../../docs/lints/PW001.md"),
    find: Finder::All(find),
};

fn find(context: &Context<'_>) -> Vec<Diagnostic> {
    let allowing = context
        .policies
        .iter()
        .filter(|policy| policy.written.action == Action::Allow);
    allowing.flat_map(|policy| of_policy(context, policy)).collect()
}

fn of_policy(context: &Context<'_>, policy: &Policy<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (rule_index, rule) in policy.written.rules.iter().flatten().enumerate() {
        let by_condition = rule.when.iter().any(|condition| {
            matches!(
                condition.key.as_str(),
                "source.principal" | "source.namespace" | "source.serviceAccount" | "source.trustDomain"
            ) && !condition.values.is_empty()
        });
        for (index, source) in rule.from.iter().flatten().enumerate() {
            let negative = [
                ("notPrincipals", &source.not_principals),
                ("notNamespaces", &source.not_namespaces),
                ("notServiceAccounts", &source.not_service_accounts),
                ("notTrustDomains", &source.not_trust_domains),
            ];
            let negative = negative.iter().find(|(_, values)| !values.is_empty());
            let Some((field, values)) = negative.filter(|_| !by_condition && !asks_who(source)) else {
                continue;
            };
            // `notPrincipals: ["*"]` says that the rule is for callers without a certificate alone.
            if values.iter().any(|value| value == "*") {
                continue;
            }
            // If plaintext is refused before any rule is evaluated, nothing is allowed.
            let Some(proof) = shown(context, policy, rule) else {
                continue;
            };
            let finding = Finding::new(
                Rule::path(rule_index)
                    .key("from")
                    .index(index)
                    .key("source")
                    .key(field),
                format!(
                    "rule {rule_index} lets plaintext in: a peer without a certificate is not in `{field}`"
                ),
                "to require an identity, add `principals: [\"*\"]` beside it",
            );
            found.push(
                proof
                    .into_iter()
                    .fold(finding, |finding, proof| finding.shown(&proof))
                    .in_policy(&LINT, policy),
            );
        }
    }
    found
}

/// Whether a source requires an identity or a verified token.
fn asks_who(source: &Source) -> bool {
    let positive = [
        &source.principals,
        &source.namespaces,
        &source.service_accounts,
        &source.trust_domains,
        &source.request_principals,
    ];
    positive.iter().any(|values| !values.is_empty())
}

/// A request as evidence, if one is found; `None` if every port of the rule refuses plaintext.
fn shown(context: &Context<'_>, policy: &Policy<'_>, rule: &Rule) -> Option<Option<Proof>> {
    let mut open = false;
    for target in context.targets(policy) {
        let Some(program) = context.program(&target.workload, Protocol::Http) else {
            return Some(None);
        };
        for port in ports(rule, &target) {
            if sets(&program, port, MtlsMode::Strict).is_some() {
                continue;
            }
            open = true;
            let requests = sample::in_plaintext(rule, port);
            let allowed =
                |request| Proof::of(&program, request, |decision| decision.verdict == Verdict::Allow);
            if let Some(proof) = requests.iter().find_map(allowed) {
                return Some(Some(proof));
            }
        }
    }
    (open || !policy.written.target_refs.is_empty()).then_some(None)
}
