//! PW045: a service account or a namespace that no workload among the documents has.
//!
//! It is reported only if the documents contain workloads of that namespace, as others may be elsewhere; a namespace
//! only if it is probably a typo.

mod evidence;

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
    let mut callers: BTreeMap<(&str, Option<&str>), UnknownCaller<'_>> = BTreeMap::new();
    for policy in &context.policies {
        for list in lists(&policy.written) {
            for (path, value) in list.each() {
                let own = &policy.written.metadata.namespace;
                let Some((namespace, account)) = caller(&list, value, own) else {
                    continue;
                };
                let shuts_out = list.shuts_out(policy.written.action);
                let unknown = match account {
                    _ if namespace == NOT_INJECTED && !shuts_out => Some((None, Mistake::new(of_system()))),
                    _ if inventory.pods.is_empty() => None,
                    Some(account) if inventory.has_namespace(namespace) => {
                        of_account(context, &inventory, namespace, account).map(|why| (Some(account), why))
                    }
                    _ => of_namespace(context, &inventory, namespace, account)
                        .map(|why| (None, Mistake::new(why))),
                };
                let Some((caller, mistake)) = unknown else {
                    continue;
                };
                let place = policy.document.place(&path, false);
                let finding = Finding::new(path, format!("`{value}`: {}", mistake.message), mistake.help)
                    .grave_if(shuts_out)
                    .in_policy(&LINT, policy);
                // What runs as `default` is one mistake, whoever is meant.
                let key = (namespace, caller.filter(|_| mistake.meant.is_none()));
                let known = callers.entry(key).or_default();
                known.meant.extend(account.zip(mistake.meant));
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

/// A caller that is not known, or several of one cause, wherever they are named.
#[derive(Default)]
struct UnknownCaller<'v> {
    finding: Option<Diagnostic>,
    places: Vec<Place>,
    /// The accounts that workloads of their name do not run as, each with the workload.
    meant: BTreeMap<&'v str, String>,
}

impl UnknownCaller<'_> {
    fn told(self) -> Option<Diagnostic> {
        let mut finding = self.finding?;
        let elsewhere: Vec<Place> = self
            .places
            .into_iter()
            .filter(|place| Some(place) != finding.place.as_ref())
            .collect();
        if self.meant.len() > 1 {
            let accounts: BTreeSet<&str> = self.meant.keys().copied().collect();
            finding.details.notes.push(format!(
                "the same is so of {} accounts of this namespace: {}",
                accounts.len(),
                quoted(&accounts)
            ));
        }
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

/// What is wrong with a caller, and what to do.
struct Mistake {
    message: String,
    help: String,
    /// The workload that was meant, if it runs as `default`: one cause for all of a namespace.
    meant: Option<String>,
}

impl Mistake {
    fn new((message, help): (String, String)) -> Self {
        Self {
            message,
            help,
            meant: None,
        }
    }
}

fn of_account(
    context: &Context<'_>,
    inventory: &Inventory<'_>,
    namespace: &str,
    account: &str,
) -> Option<Mistake> {
    let mut workloads = inventory.in_namespace(namespace).peekable();
    workloads.peek()?;
    let is_declared = (inventory.accounts(namespace)).is_some_and(|known| known.contains(account));
    let of_unplaced = inventory.unplaced().filter_map(|pod| pod.account);
    if is_declared || of_unplaced.into_iter().any(|known| known == account) {
        return None;
    }
    let skipped = &context.surroundings.skipped;
    let known = inventory.accounts(namespace).cloned().unwrap_or_default();
    let slip = typing::meant(account, known.iter().copied());
    // A chart, or a file that cannot be read, has the name: the workload that is there may be another one.
    if slip.is_none() && skipped.names.accounts.contains(account) {
        return None;
    }
    if let Some(pod) = named(inventory, namespace, account)
        && let Some(runs_as) = pod.account
    {
        return Some(Mistake {
            message: format!("{} runs as the service account `{runs_as}`", pod.title),
            help: format!("set `serviceAccountName: {account}` for it, or write `{runs_as}` here"),
            meant: (runs_as == DEFAULT).then(|| pod.title.clone()),
        });
    }
    let like = like(inventory, namespace, account);
    // Charts install gateways and monitoring, many documents in `default` name no namespace, and the rest of a patch is
    // elsewhere.
    let may_be_elsewhere = namespace == context.mesh.root_namespace
        || namespace == DEFAULT
        || is_installed(account)
        || skipped.names.of_charts.contains(account)
        || inventory.has_account(account)
        || workloads.any(|pod| pod.account.is_none())
        // Where charts make workloads, they make accounts too; unless a workload that is there was meant.
        || known.iter().all(|known| *known == DEFAULT) && !skipped.names.of_charts.is_empty() && like.is_none();
    if slip.is_none() && may_be_elsewhere {
        return None;
    }
    // An operator or another repository may run it; unless what is here is all that there is, or has the same mistake.
    let is_all_here = !skipped.is_part
        && (evidence::is_whole(context, inventory, namespace)
            || evidence::has_others(context, inventory, namespace));
    if slip.is_none() && like.is_none() && !is_all_here {
        return None;
    }
    let message =
        format!("no workload among the documents runs as `{account}` in the namespace `{namespace}`");
    let near = slip.or_else(|| nearest(account, known.iter().copied()));
    let help = match (near, like.and_then(|pod| Some((pod, pod.account?)))) {
        (Some(near), _) => format!("did you mean `{near}`?"),
        (None, Some((pod, runs_as))) => format!(
            "{} runs as `{runs_as}`: set `serviceAccountName: {account}` for it if it is meant",
            pod.title
        ),
        (None, None) => format!("service accounts of `{namespace}`: {}", quoted(&known)),
    };
    let meant = like.filter(|pod| slip.is_none() && pod.account == Some(DEFAULT));
    Some(Mistake {
        message,
        help,
        meant: meant.map(|pod| pod.title.clone()),
    })
}

/// The workload that has the name of an account.
fn named<'i, 'd>(inventory: &'i Inventory<'d>, namespace: &'i str, account: &str) -> Option<&'i Pod<'d>> {
    inventory
        .in_namespace(namespace)
        .find(|pod| is_named(pod, account))
}

/// A workload whose name begins with that of an account: `nawal-ai`, and `lsa-auth` for `lsa-sa`.
fn like<'i, 'd>(inventory: &'i Inventory<'d>, namespace: &'i str, account: &str) -> Option<&'i Pod<'d>> {
    let endings = ["-service-account", "-serviceaccount", "-sa"];
    let word = endings.iter().find_map(|ending| account.strip_suffix(ending));
    let word = word.unwrap_or(account);
    inventory
        .in_namespace(namespace)
        .find(|pod| begins_so(pod, account) || begins_so(pod, word) || pod.name == word)
        // One that no document places, and that has the very name.
        .or_else(|| inventory.unplaced().find(|pod| pod.name == account))
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
    let pod = elsewhere.filter(|_| !context.surroundings.skipped.names.of_charts.contains(namespace))?;
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
