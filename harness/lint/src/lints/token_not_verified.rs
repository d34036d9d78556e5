//! PW040: a policy that requires a token that nothing verifies.
//!
//! Only tokens that a `RequestAuthentication` of the workload verifies count; without one, every token counts as
//! missing (<https://istio.io/latest/docs/reference/config/security/request_authentication/>). If the run has no such
//! document, they may be elsewhere, for example in a platform's repository.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use peerwarden_documents::diagnostic::{Diagnostic, Severity};
use peerwarden_engine::resource::Action;

use crate::context::{Context, Policy};
use crate::lint::{Finder, Finding, Lint};
use crate::tokens;
use crate::values::{List, lists};

pub(crate) const LINT: Lint = Lint {
    code: "PW040",
    name: "token-not-verified",
    severity: Severity::Warning,
    summary: "a policy that asks for a token which nothing verifies",
    page: include_str!("../../../../docs/lints/PW040.md"),
    find: Finder::All(find),
};

fn find(context: &Context<'_>) -> Vec<Diagnostic> {
    if context.request_authentications.is_empty() {
        return Vec::new();
    }
    let unverified = context
        .policies
        .iter()
        .filter(|policy| tokens::applying(context, policy).is_empty());
    // One document is missing for all policies of a namespace.
    let mut by_namespace: BTreeMap<&str, Diagnostic> = BTreeMap::new();
    for policy in unverified {
        let Some(found) = finding(context, policy) else {
            continue;
        };
        let found = found.in_policy(&LINT, policy);
        match by_namespace.entry(&policy.written.metadata.namespace) {
            Entry::Vacant(entry) => {
                entry.insert(found);
            }
            Entry::Occupied(mut entry) => {
                let related = &mut entry.get_mut().details.related;
                if let (Some(place), true) = (found.place, related.len() < 3) {
                    related.push((place, "here too".to_owned()));
                }
            }
        }
    }
    by_namespace.into_values().collect()
}

fn finding(context: &Context<'_>, policy: &Policy<'_>) -> Option<Finding> {
    let lists = lists(&policy.written);
    let list = lists.iter().find(|list| list.is_token())?;
    let so = consequence(policy.written.action, list)?;
    let message = format!(
        "`{}` asks for a verified token, and no RequestAuthentication applies to these workloads, so {so}",
        list.name()
    );
    let elsewhere: Vec<String> = context
        .request_authentications
        .iter()
        .take(3)
        .map(|tokens| format!("`{}`", tokens.title()))
        .collect();
    let help = format!(
        "write a RequestAuthentication for these workloads; {} is for others",
        elsewhere.join(", ")
    );
    Some(Finding::new(list.path.clone(), message, help))
}

/// The effect on requests, none of which has a token.
fn consequence(action: Action, list: &List<'_>) -> Option<&'static str> {
    match (action, list.negative) {
        (Action::Allow, false) => Some("the rule never matches"),
        (Action::Allow, true) => Some("every token counts as missing, and the rule matches anybody"),
        (Action::Deny, false) => Some("the rule denies nothing"),
        (Action::Deny, true) => Some("the rule denies everybody"),
        (Action::Audit | Action::Custom, _) => None,
    }
}
