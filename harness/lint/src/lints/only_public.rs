//! PW051: the only ALLOW for a workload is about health checks or metrics, so that everything else is denied.
//!
//! A first ALLOW policy closes a workload to all that it does not name
//! (<https://istio.io/latest/docs/concepts/security/#implicit-enablement>).

use std::collections::BTreeSet;

use peerwarden_documents::diagnostic::{Diagnostic, Severity};
use peerwarden_engine::document::Path;
use peerwarden_engine::resource::Action;

use crate::context::{Context, Policy, Target};
use crate::lint::{Finder, Finding, Lint};
use crate::public::is_for_monitoring;

pub(crate) const LINT: Lint = Lint {
    code: "PW051",
    name: "only-public",
    severity: Severity::Warning,
    summary: "a workload that only health checks and metrics may reach",
    page: include_str!("../../../../docs/lints/PW051.md"),
    find: Finder::All(find),
};

fn find(context: &Context<'_>) -> Vec<Diagnostic> {
    let mut said = BTreeSet::new();
    let mut found = Vec::new();
    for policy in context.policies.iter().filter(|policy| is_only_public(policy)) {
        let closed: Vec<Target<'_>> = context
            .targets(policy)
            .into_iter()
            .filter(|target| is_closed(context, policy, target))
            .collect();
        let Some(first) = closed.first() else { continue };
        // Several policies may close one workload: one of them is told.
        let key = (first.workload.namespace.clone(), first.workload.labels.clone());
        if !said.insert(key) {
            continue;
        }
        let who = first.manifest.map_or_else(
            || "the workload that it selects".to_owned(),
            |manifest| manifest.title.clone(),
        );
        let message = format!(
            "the only ALLOW for {who} is about health checks or metrics, and a first ALLOW denies everything else"
        );
        let help = "allow who uses the workload in another policy, or remove this one";
        found.push(
            Finding::new(Path::keys(["spec", "rules"]), message, help)
                .on_key()
                .in_policy(&LINT, policy),
        );
    }
    found
}

/// Whether an ALLOW policy has rules, and all of them are about what is public.
fn is_only_public(policy: &Policy<'_>) -> bool {
    let mut rules = policy.written.rules.iter().flatten().peekable();
    decides(policy) && rules.peek().is_some() && rules.all(is_for_monitoring)
}

fn decides(policy: &Policy<'_>) -> bool {
    policy.written.action == Action::Allow && !policy.is_dry_run()
}

/// Whether no other ALLOW lets anything else in, and the workload serves anything else as far as is known.
fn is_closed(context: &Context<'_>, policy: &Policy<'_>, target: &Target<'_>) -> bool {
    let is_known = match target.manifest {
        Some(manifest) => {
            let mut services = manifest.services(context.others).into_iter();
            services.any(|service| !service.name.contains("metrics"))
        }
        // Of all that may be in a namespace nothing is known.
        None => policy
            .written
            .selector
            .as_ref()
            .is_some_and(|selector| !selector.match_labels.is_empty()),
    };
    let mut others = context.policies.iter().filter(|other| decides(other));
    is_known
        && others.all(|other| {
            !context.applies_to(other, &target.workload) || is_only_public(other) || is_of_none(other)
        })
}

/// Whether it only denies by default.
fn is_of_none(policy: &Policy<'_>) -> bool {
    policy.written.rules.iter().flatten().next().is_none()
}
