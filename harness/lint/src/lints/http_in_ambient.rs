//! PW058: a policy with HTTP fields that ztunnel enforces, which does not read HTTP.
//!
//! In an ambient namespace a policy with a selector, or with none, is enforced by ztunnel; a waypoint enforces only what `targetRefs` attach to
//! it (<https://istio.io/latest/docs/ambient/usage/l4-policy/#layer-7-policies-with-layer-4-enforcement>).

use std::collections::{BTreeMap, BTreeSet};

use peerwarden_documents::count::counted;
use peerwarden_documents::diagnostic::{Diagnostic, Severity};
use peerwarden_documents::yaml::Node;
use peerwarden_engine::resource::Action;

use crate::context::{Context, Policy};
use crate::lint::{Finder, Finding, Lint};
use crate::values::{List, lists};

pub(crate) const LINT: Lint = Lint {
    code: "PW058",
    name: "http-in-ambient",
    severity: Severity::Warning,
    summary: "a rule about HTTP that ztunnel enforces",
    page: include_str!("../../../../docs/lints/PW058.md"),
    find: Finder::All(find),
};

/// The label that puts a namespace or a pod into ambient mode.
const MODE: &str = "istio.io/dataplane-mode";

fn find(context: &Context<'_>) -> Vec<Diagnostic> {
    let ambient = ambient(context);
    let mut by_namespace: BTreeMap<(&str, bool), Vec<HttpPolicy<'_, '_>>> = BTreeMap::new();
    for policy in &context.policies {
        let namespace = policy.written.metadata.namespace.as_str();
        if ambient.contains(namespace)
            && let Some(found) = HttpPolicy::of(context, policy)
        {
            by_namespace
                .entry((namespace, policy.written.action == Action::Deny))
                .or_default()
                .push(found);
        }
    }
    by_namespace.values().filter_map(|all| told(all)).collect()
}

/// The namespaces that are ambient, whichever of the documents is applied: another one may be for a mesh with sidecars.
fn ambient<'c>(context: &'c Context<'_>) -> BTreeSet<&'c str> {
    let mut modes: BTreeMap<&str, bool> = BTreeMap::new();
    for document in context.others.of_kind("Namespace") {
        let name = document.node.at(&["metadata", "name"]).and_then(Node::as_str);
        let mode = document
            .node
            .at(&["metadata", "labels", MODE])
            .and_then(Node::as_str);
        let is_ambient = modes.entry(name.unwrap_or_default()).or_insert(true);
        *is_ambient &= mode == Some("ambient");
    }
    let ambient = modes.into_iter().filter(|(_, is_ambient)| *is_ambient);
    ambient.map(|(name, _)| name).collect()
}

/// A policy that ztunnel enforces, and the first of its HTTP fields.
struct HttpPolicy<'c, 'd> {
    policy: &'c Policy<'d>,
    first: List<'c>,
}

impl<'c, 'd> HttpPolicy<'c, 'd> {
    fn of(context: &Context<'_>, policy: &'c Policy<'d>) -> Option<Self> {
        let decides = matches!(policy.written.action, Action::Allow | Action::Deny) && !policy.is_dry_run();
        if !decides || context.is_for_gateway(policy) || has_sidecars(context, policy) {
            return None;
        }
        let first = lists(&policy.written).into_iter().find(List::is_http_only)?;
        Some(Self { policy, first })
    }
}

/// The finding for all of a namespace: at the first policy.
fn told(all: &[HttpPolicy<'_, '_>]) -> Option<Diagnostic> {
    let one = all.first()?;
    let effect = match one.policy.written.action {
        Action::Deny => "denies whatever its other fields match",
        Action::Allow | Action::Audit | Action::Custom => "lets nobody in",
    };
    let also = match all.len() - 1 {
        0 => String::new(),
        others => format!("; so it is in {}", counted(others as u64, "other policy")),
    };
    let message = format!(
        "the namespace is ambient, and ztunnel does not read HTTP: rule {} has `{}` and {effect}{also}",
        one.first.rule,
        one.first.name()
    );
    let help = "attach the policy to a waypoint by `targetRefs`, or leave the HTTP fields out";
    let mut found = Finding::new(one.first.path.clone(), message, help).in_policy(&LINT, one.policy);
    for other in all.iter().skip(1).take(3) {
        let place = other.policy.document.place(&other.first.path, false);
        found = found.also(place, "here too");
    }
    Some(found)
}

/// Whether a workload of the policy has an Envoy of its own nevertheless.
fn has_sidecars(context: &Context<'_>, policy: &Policy<'_>) -> bool {
    let targets = context.targets(policy);
    let mut manifests = targets.iter().filter_map(|target| target.manifest);
    manifests.any(|manifest| manifest.label("sidecar.istio.io/inject") == Some("true"))
}
