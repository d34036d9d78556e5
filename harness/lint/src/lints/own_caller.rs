//! PW057: a policy that lets only the selected workload itself in, as if selector and caller were swapped.

use std::collections::BTreeSet;

use peerwarden_documents::diagnostic::{Diagnostic, Severity};
use peerwarden_engine::document::Path;
use peerwarden_engine::resource::{Action, Rule};

use crate::context::{Context, Policy};
use crate::lint::{Finder, Finding, Lint};

pub(crate) const LINT: Lint = Lint {
    code: "PW057",
    name: "own-caller",
    severity: Severity::Warning,
    summary: "a workload that only itself may call",
    page: include_str!("../../../../docs/lints/PW057.md"),
    find: Finder::All(find),
};

/// Labels with the name of an application.
const NAMES: [&str; 3] = ["app", "app.kubernetes.io/name", "k8s-app"];

fn find(context: &Context<'_>) -> Vec<Diagnostic> {
    context
        .policies
        .iter()
        .filter_map(|policy| of_policy(context, policy))
        .collect()
}

fn of_policy(context: &Context<'_>, policy: &Policy<'_>) -> Option<Diagnostic> {
    let written = &policy.written;
    if !admits(policy) {
        return None;
    }
    let labels = &written.selector.as_ref()?.match_labels;
    let (_, own) = labels.iter().find(|(name, _)| NAMES.contains(&name.as_str()))?;
    let callers: Option<BTreeSet<&str>> = written.rules.iter().flatten().map(caller).collect();
    let callers = callers?;
    let (caller, 1) = (callers.first()?, callers.len()) else {
        return None;
    };
    let (namespace, account) = identity(caller, &written.metadata.namespace)?;
    let name = ["-service-account", "-sa"]
        .iter()
        .find_map(|ending| account.strip_suffix(ending));
    if namespace != written.metadata.namespace || name.unwrap_or(account) != own {
        return None;
    }
    // The pods of a cluster of databases call each other.
    let is_cluster = |title: &str| title.starts_with("StatefulSet") || title.starts_with("DaemonSet");
    let targets = context.targets(policy);
    let mut manifests = targets.iter().filter_map(|target| target.manifest);
    if manifests.any(|manifest| is_cluster(&manifest.title)) {
        return None;
    }
    let is_open = |other: &&Policy<'_>| {
        admits(other)
            && !std::ptr::eq(other.document, policy.document)
            && targets
                .iter()
                .any(|target| context.applies_to(other, &target.workload))
    };
    if context.policies.iter().any(|other| is_open(&other)) {
        return None;
    }
    let message =
        format!("only `{caller}` may call the workload that it selects, which is this caller itself");
    let help = "are the two swapped? Select the workload that is called, and name who calls it";
    let path = Path::keys(["spec", "selector", "matchLabels"]);
    let rule = written.rules.iter().flatten().next().map(|_| Rule::path(0))?;
    Some(
        Finding::new(path, message, help)
            .also(rule.key("from"), "the only caller")
            .in_policy(&LINT, policy),
    )
}

/// Whether a policy lets anybody in.
fn admits(policy: &Policy<'_>) -> bool {
    let has_rules = policy.written.rules.iter().flatten().next().is_some();
    policy.written.action == Action::Allow && has_rules && !policy.is_dry_run()
}

/// The only caller of a rule.
fn caller(rule: &Rule) -> Option<&str> {
    let [source] = rule.from.as_deref()? else {
        return None;
    };
    match (source.principals.as_slice(), source.service_accounts.as_slice()) {
        ([one], []) | ([], [one]) => Some(one),
        _ => None,
    }
}

/// The namespace and the account of a caller.
fn identity<'v>(caller: &'v str, own: &'v str) -> Option<(&'v str, &'v str)> {
    let parts: Vec<&str> = caller.split('/').collect();
    match parts.as_slice() {
        [_, "ns", namespace, "sa", account] | [namespace, account] => Some((namespace, account)),
        [account] => Some((own, account)),
        _ => None,
    }
}
