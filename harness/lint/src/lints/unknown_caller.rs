//! PW045: a service account or a namespace that no workload among the documents has.
//!
//! It is reported only if the documents contain workloads of that namespace, as others may be elsewhere; a namespace
//! only if it is probably a typo.

use std::collections::{BTreeMap, BTreeSet};

use peerwarden_documents::count::counted;
use peerwarden_documents::diagnostic::{Diagnostic, Severity};
use peerwarden_documents::kinds::DEFAULT;
use peerwarden_documents::source::Place;
use peerwarden_engine::document::nearest;

use crate::context::Context;
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
    let mut callers: BTreeMap<(&str, Option<&str>), UnknownCaller> = BTreeMap::new();
    for policy in &context.policies {
        for list in lists(&policy.written) {
            for (path, value) in list.each() {
                let own = &policy.written.metadata.namespace;
                let Some((namespace, account)) = caller(&list, value, own) else {
                    continue;
                };
                let shuts_out = list.shuts_out(policy.written.action);
                let unknown = match account {
                    _ if namespace == NOT_INJECTED && !shuts_out => Some((None, of_system())),
                    _ if inventory.pods.is_empty() => None,
                    Some(account) if inventory.has_namespace(namespace) => {
                        of_account(context, &inventory, namespace, account).map(|why| (Some(account), why))
                    }
                    _ => of_namespace(context, &inventory, namespace, account).map(|why| (None, why)),
                };
                let Some((account, (message, help))) = unknown else {
                    continue;
                };
                let place = policy.document.place(&path, false);
                let finding = Finding::new(path, format!("`{value}`: {message}"), help)
                    .grave_if(shuts_out)
                    .in_policy(&LINT, policy);
                let known = callers.entry((namespace, account)).or_default();
                // One mistake is told once: where it keeps nobody out, if it does so anywhere.
                let is_graver = known
                    .finding
                    .as_ref()
                    .is_some_and(|known| finding.severity < known.severity);
                if known.finding.is_none() || is_graver {
                    known.finding = Some(finding);
                }
                known.places.push(place);
            }
        }
    }
    callers.into_values().filter_map(UnknownCaller::told).collect()
}

/// Istio's injector leaves out the namespace of Kubernetes itself, whatever its labels
/// (<https://github.com/istio/istio/blob/1.30.3/pkg/kube/inject/inject.go>, `IgnoredNamespaces`).
const NOT_INJECTED: &str = "kube-system";

fn of_system() -> (String, String) {
    (
        "nobody has an identity of this namespace, as Istio injects no sidecars there, and the kubelet has none".to_owned(),
        "remove it: Istio rewrites the kubelet's probes, so that they need no rule; allow others by `ipBlocks`".to_owned(),
    )
}

/// A caller that is not known, wherever it is named.
#[derive(Default)]
struct UnknownCaller {
    finding: Option<Diagnostic>,
    places: Vec<Place>,
}

impl UnknownCaller {
    fn told(self) -> Option<Diagnostic> {
        let mut finding = self.finding?;
        let elsewhere: Vec<Place> = self
            .places
            .into_iter()
            .filter(|place| Some(place) != finding.place.as_ref())
            .collect();
        if elsewhere.len() > 2 {
            let places = counted(elsewhere.len() as u64, "other place");
            finding.details.notes.push(format!("{places} have it too"));
        }
        for place in elsewhere.into_iter().take(2) {
            finding = finding.also(place, "here too");
        }
        Some(finding)
    }
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
        || context.surroundings.of_charts.contains(account)
        || inventory.has_account(account)
        || workloads.any(|pod| pod.account.is_none())
        // Where charts make workloads, they make accounts too; unless a workload that is there was meant.
        || known.iter().all(|known| *known == DEFAULT)
            && !context.surroundings.of_charts.is_empty()
            && !inventory.in_namespace(namespace).any(|pod| begins_so(pod, account));
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
    account: Option<&str>,
) -> Option<(String, String)> {
    // Somebody has a namespace that policies are of.
    if inventory.has_namespace(namespace) || context.has_policies_of(namespace) {
        return None;
    }
    let message = format!("no workload among the documents is in the namespace `{namespace}`");
    if let Some(meant) = typing::meant(namespace, inventory.namespaces()) {
        return Some((message, format!("did you mean `{meant}`?")));
    }
    // The application of that name runs in another namespace, and the documents say which namespaces there are.
    let is_it = |pod: &&Pod<'_>| {
        !pod.is_unplaced
            && (is_named(pod, namespace) || account.is_some_and(|account| is_named(pod, account)))
    };
    let elsewhere = inventory
        .pods
        .iter()
        .find(is_it)
        .filter(|_| inventory.declares_namespaces());
    let pod = elsewhere.filter(|_| !context.surroundings.of_charts.contains(namespace))?;
    Some((message, format!("{} is in `{}`", pod.title, pod.namespace)))
}

fn is_named(pod: &Pod<'_>, name: &str) -> bool {
    pod.name == name
        || ["app", "app.kubernetes.io/name"]
            .iter()
            .any(|label| pod.label(label) == Some(name))
}

/// Whether a workload's name begins with this word, as `nawal-ai` with `nawal`.
fn begins_so(pod: &Pod<'_>, word: &str) -> bool {
    pod.name
        .strip_prefix(word)
        .is_some_and(|rest| rest.starts_with('-'))
}

/// Whether the account is of what charts install, so that nobody writes it down.
fn is_installed(account: &str) -> bool {
    account == "vault"
        || ["gateway", "ingress", "prometheus", "grafana", "kiali", "waypoint"]
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
