//! PW051: the only ALLOW for a workload is about health checks or metrics, so that everything else is denied.
//!
//! A first ALLOW policy closes a workload to all that it does not name
//! (<https://istio.io/latest/docs/concepts/security/#implicit-enablement>).

use std::collections::{BTreeMap, BTreeSet};

use peerwarden_documents::count::counted;
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
    // Those of one namespace have one cause.
    let mut by_namespace: BTreeMap<&str, Vec<Closed<'_, '_>>> = BTreeMap::new();
    for policy in context.policies.iter().filter(|policy| is_only_public(policy)) {
        for target in context.targets(policy) {
            // Several policies may close one workload: one of them is told.
            let key = (target.workload.namespace.clone(), target.workload.labels.clone());
            if !is_closed(context, policy, &target) || !said.insert(key) {
                continue;
            }
            let namespace = policy.written.metadata.namespace.as_str();
            let closed = Closed { policy, target };
            by_namespace.entry(namespace).or_default().push(closed);
        }
    }
    let found = by_namespace.values().filter_map(|closed| told(context, closed));
    found.collect()
}

/// A workload that a policy closes.
struct Closed<'c, 'd> {
    policy: &'c Policy<'d>,
    target: Target<'c>,
}

/// The finding for all that are closed in a namespace.
fn told(context: &Context<'_>, all: &[Closed<'_, '_>]) -> Option<Diagnostic> {
    let first = all.first()?;
    let who = first.target.manifest.map_or_else(
        || "the workload that it selects".to_owned(),
        |manifest| manifest.title.clone(),
    );
    let also = match all.len() - 1 {
        0 => String::new(),
        others => format!(", and for {} more,", counted(others as u64, "workload")),
    };
    let mut others = context
        .policies
        .iter()
        .filter(|other| decides(other) && is_of_none(other));
    let is_denied = others.any(|other| context.applies_to(other, &first.target.workload));
    let (why, help) = if is_denied {
        let help = "allow who uses the workload in another policy";
        ("and a deny-all beside it denies everything else", help)
    } else {
        let help = "allow who uses the workload in another policy, or remove this one";
        ("and a first ALLOW denies everything else", help)
    };
    let message = format!("the only ALLOW for {who}{also} is about health checks or metrics, {why}");
    let finding = Finding::new(Path::keys(["spec", "rules"]), message, help).on_key();
    let mut found = finding.in_policy(&LINT, first.policy);
    let own = |closed: &&Closed<'_, '_>| !std::ptr::eq(closed.policy, first.policy);
    for closed in all.iter().filter(own).take(3) {
        let place = closed.policy.document.place(&Path::keys(["spec", "rules"]), true);
        found = found.also(place, "here too");
    }
    let titles: Vec<&str> = all
        .iter()
        .skip(1)
        .filter_map(|closed| Some(closed.target.manifest?.title.as_str()))
        .collect();
    if !titles.is_empty() {
        found
            .details
            .notes
            .push(format!("also closed: {}", titles.join(", ")));
    }
    Some(found)
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
        Some(manifest) if manifest.replicas() == Some(0) || is_named_worker(&manifest.title) => false,
        Some(manifest) => {
            let mut services = manifest.services(context.others).into_iter();
            services.any(|service| !service.name.contains("metrics"))
        }
        // Of all that may be in a namespace nothing is known.
        None => policy
            .written
            .selector
            .as_ref()
            .is_some_and(|selector| names_one(&selector.match_labels)),
    };
    let mut others = context.policies.iter().filter(|other| decides(other));
    is_known
        && others.all(|other| {
            !context.applies_to(other, &target.workload) || is_only_public(other) || is_of_none(other)
        })
}

/// Labels that name one application: by others, such as `monitoring: enabled`, many are selected that have policies of their own.
const NAMING: [&str; 5] = ["app", "name", "service", "k8s-app", "app.kubernetes.io/name"];

/// Words in the name of what takes its work from a queue: nobody calls it.
const WORKERS: [&str; 5] = ["worker", "consumer", "indexer", "cron", "cronjob"];

/// Whether labels name one application, which others call as far as its name tells.
fn names_one(labels: &[(String, String)]) -> bool {
    let mut naming = labels
        .iter()
        .filter(|(label, _)| NAMING.contains(&label.as_str()))
        .peekable();
    naming.peek().is_some() && naming.all(|(_, name)| !is_named_worker(name))
}

fn is_named_worker(name: &str) -> bool {
    let mut words = name.split(|letter: char| !letter.is_ascii_alphanumeric());
    words.any(|word| WORKERS.contains(&word))
}

/// Whether it only denies by default.
fn is_of_none(policy: &Policy<'_>) -> bool {
    policy.written.rules.iter().flatten().next().is_none()
}
