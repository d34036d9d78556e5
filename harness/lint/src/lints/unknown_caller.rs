//! PW045: a service account or a namespace that no workload among the documents has.
//!
//! It is reported only if the documents contain workloads of that namespace, as others may be elsewhere; a namespace
//! only if it is probably a typo.

use std::collections::BTreeSet;

use peerwarden_documents::diagnostic::{Diagnostic, Severity};
use peerwarden_documents::kinds::DEFAULT;
use peerwarden_engine::document::nearest;

use crate::context::{Context, Policy};
use crate::inventory::{Inventory, Pod};
use crate::lint::{Finder, Finding, Lint};
use crate::typing;
use crate::values::{List, lists};

pub(crate) const LINT: Lint = Lint {
    code: "PW045",
    name: "unknown-caller",
    severity: Severity::Warning,
    summary: "a caller that no workload among the documents is",
    page: include_str!("../../../../docs/lints/PW045.md"),
    find: Finder::All(find),
};

fn find(context: &Context<'_>) -> Vec<Diagnostic> {
    let inventory = Inventory::of(context.others);
    if inventory.pods.is_empty() {
        return Vec::new();
    }
    let of_policy = |policy| of_policy(context, &inventory, policy);
    context.policies.iter().flat_map(of_policy).collect()
}

fn of_policy(context: &Context<'_>, inventory: &Inventory<'_>, policy: &Policy<'_>) -> Vec<Diagnostic> {
    let written = &policy.written;
    let mut found = Vec::new();
    for list in lists(written) {
        for (path, value) in list.each() {
            let Some((namespace, account)) = caller(&list, value, &written.metadata.namespace) else {
                continue;
            };
            let unknown = match account {
                Some(account) if inventory.has_namespace(namespace) => {
                    of_account(context, inventory, namespace, account)
                }
                _ => of_namespace(context, inventory, namespace),
            };
            let Some((message, help)) = unknown else { continue };
            let keeps_nobody_out = list.shuts_out(written.action);
            let finding = Finding::new(path, format!("`{value}`: {message}"), help);
            found.push(finding.grave_if(keeps_nobody_out).in_policy(&LINT, policy));
        }
    }
    found
}

/// The namespace and the service account that a value names in full.
fn caller<'v>(list: &List<'_>, value: &'v str, own: &'v str) -> Option<(&'v str, Option<&'v str>)> {
    let caller = match list.field {
        "principals" | "source.principal" => {
            let parts: Vec<&str> = value.split('/').collect();
            match parts.as_slice() {
                [_, "ns", namespace, "sa", account] => (*namespace, Some(*account)),
                [_, "ns", namespace, "*" | "sa", ..] => (*namespace, None),
                _ => return None,
            }
        }
        "serviceAccounts" | "source.serviceAccount" => match value.split_once('/') {
            Some((namespace, account)) => (namespace, Some(account)),
            None => (own, Some(value)),
        },
        "namespaces" | "source.namespace" => (value, None),
        _ => return None,
    };
    let is_name = |text: &str| !text.is_empty() && !text.contains(['*', '$', '{', '<']);
    let (namespace, account) = caller;
    (is_name(namespace) && account.is_none_or(is_name)).then_some(caller)
}

fn of_account(
    context: &Context<'_>,
    inventory: &Inventory<'_>,
    namespace: &str,
    account: &str,
) -> Option<(String, String)> {
    let mut workloads = inventory.in_namespace(namespace).peekable();
    workloads.peek()?;
    let is_declared = (inventory.accounts(namespace)).is_some_and(|known| known.contains(account));
    let of_unplaced = inventory.unplaced().filter_map(|pod| pod.account);
    if is_declared || of_unplaced.into_iter().any(|known| known == account) {
        return None;
    }
    let known = inventory.accounts(namespace).cloned().unwrap_or_default();
    // One that has the name itself, and runs as another account.
    let named = inventory
        .in_namespace(namespace)
        .find(|pod| is_named(pod, account));
    if let Some((pod, runs_as)) = named.and_then(|pod| Some((pod, pod.account?))) {
        let message = format!("{} runs as the service account `{runs_as}`", pod.title);
        let help = format!("set `serviceAccountName: {account}` for it, or write `{runs_as}` here");
        return Some((message, help));
    }
    let slip = typing::meant(account, known.iter().copied());
    // Charts install gateways and monitoring, many documents in `default` name no namespace, and the rest of a patch is
    // elsewhere.
    let may_be_elsewhere = namespace == context.mesh.root_namespace
        || namespace == DEFAULT
        || is_installed(account)
        || inventory.has_account(account)
        || known.iter().all(|known| *known == DEFAULT)
        || workloads.any(|pod| pod.account.is_none());
    if slip.is_none() && may_be_elsewhere {
        return None;
    }
    let message =
        format!("no workload among the documents runs as `{account}` in the namespace `{namespace}`");
    let near = slip.or_else(|| nearest(account, known.iter().copied()));
    let help = match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("service accounts of `{namespace}`: {}", quoted(&known)),
    };
    Some((message, help))
}

fn of_namespace(
    context: &Context<'_>,
    inventory: &Inventory<'_>,
    namespace: &str,
) -> Option<(String, String)> {
    // Somebody has a namespace that policies are of.
    if inventory.has_namespace(namespace) || context.has_policies_of(namespace) {
        return None;
    }
    let meant = typing::meant(namespace, inventory.namespaces())?;
    let message = format!("no workload among the documents is in the namespace `{namespace}`");
    Some((message, format!("did you mean `{meant}`?")))
}

fn is_named(pod: &Pod<'_>, name: &str) -> bool {
    pod.name == name
        || ["app", "app.kubernetes.io/name"]
            .iter()
            .any(|label| pod.label(label) == Some(name))
}

/// Whether charts create this account, so that no document has it.
fn is_installed(account: &str) -> bool {
    ["gateway", "ingress", "prometheus", "grafana", "kiali", "waypoint"]
        .iter()
        .any(|word| account.contains(word))
}

fn quoted(names: &BTreeSet<&str>) -> String {
    let mut quoted: Vec<String> = names.iter().take(5).map(|name| format!("`{name}`")).collect();
    if names.len() > 5 {
        quoted.push(format!("{} more", names.len() - 5));
    }
    quoted.join(", ")
}
