//! PW023: a selector that matches none of the workloads in the documents.
//!
//! Only where there are workloads in its namespace: what is not given may be elsewhere.

use std::collections::BTreeSet;

use peerwarden_documents::diagnostic::{Diagnostic, Severity};
use peerwarden_documents::documents::Document;
use peerwarden_documents::yaml::Node;
use peerwarden_engine::document::{Path, nearest};
use peerwarden_engine::resource::Selector;

use crate::context::Context;
use crate::lint::{Find, Lint};

pub(crate) const LINT: Lint = Lint {
    code: "PW023",
    name: "selects-nothing",
    severity: Severity::Warning,
    summary: "a selector whose labels no workload has",
    page: include_str!("../../../../docs/lints/PW023.md"),
    find: Find::All(find),
};

/// The gateway controller makes these pods, from a `Gateway`.
const GATEWAY: &str = "gateway.networking.k8s.io/gateway-name";

/// Whether a label is of a gateway, which Istio's charts install, so that nobody writes it down.
fn is_of_gateway((name, value): &(String, String)) -> bool {
    match name.as_str() {
        GATEWAY => true,
        "istio" => value.ends_with("gateway") || value.starts_with("ingress") || value.starts_with("egress"),
        "app" => value.starts_with("istio-"),
        _ => false,
    }
}

fn find(context: &Context<'_>) -> Vec<Diagnostic> {
    let pods: Vec<Pod<'_>> = context.others.all().filter_map(Pod::of).collect();
    let policies = context.policies.iter().filter_map(|policy| {
        let selector = policy.written.selector.as_ref()?;
        Some((
            policy.document,
            policy.title(),
            &policy.written.metadata.namespace,
            selector,
        ))
    });
    let modes = context.peer_authentications.iter().map(|modes| {
        let written = &modes.written;
        (
            modes.document,
            modes.title(),
            &written.metadata.namespace,
            &written.selector,
        )
    });
    let tokens = context.request_authentications.iter().filter_map(|tokens| {
        let selector = tokens.written.selector.as_ref()?;
        Some((
            tokens.document,
            tokens.title(),
            &tokens.written.metadata.namespace,
            selector,
        ))
    });
    let finding = |(document, title, namespace, selector): (&Document, String, &String, &Selector)| {
        let everywhere = *namespace == context.mesh.root_namespace;
        let near: Vec<&Pod<'_>> = pods
            .iter()
            .filter(|pod| everywhere || pod.namespace == *namespace)
            .collect();
        let of_gateway = selector.match_labels.iter().any(is_of_gateway);
        if selector.match_labels.is_empty() || near.is_empty() || of_gateway {
            return None;
        }
        if near.iter().any(|pod| pod.is_selected(selector)) {
            return None;
        }
        let message = format!("{title}: no workload among the documents has the labels of its selector");
        Some(
            LINT.found(message)
                .at(document.place(&Path::keys(["spec", "selector", "matchLabels"]), false))
                .help(meant(selector, &near)),
        )
    };
    policies.chain(modes).chain(tokens).filter_map(finding).collect()
}

/// What makes pods, of whatever kind.
struct Pod<'d> {
    namespace: &'d str,
    labels: &'d Node,
}

impl<'d> Pod<'d> {
    fn of(document: &'d Document) -> Option<Self> {
        let node = &document.node;
        let template = node
            .at(&["spec", "jobTemplate", "spec", "template"])
            .or_else(|| node.at(&["spec", "template"]))
            .or_else(|| (document.text("kind") == "Pod").then_some(node))?;
        let namespace = node.at(&["metadata", "namespace"]).and_then(Node::as_str);
        Some(Self {
            namespace: namespace.unwrap_or("default"),
            labels: template.at(&["metadata", "labels"])?,
        })
    }

    fn label(&self, name: &str) -> Option<&'d str> {
        self.labels.get(name)?.as_str()
    }

    fn is_selected(&self, selector: &Selector) -> bool {
        let has = |(name, value): &(String, String)| self.label(name) == Some(value);
        selector.match_labels.iter().all(has)
    }
}

/// The label that was most likely meant.
fn meant(selector: &Selector, pods: &[&Pod<'_>]) -> String {
    for (name, value) in &selector.match_labels {
        let values: BTreeSet<&str> = pods.iter().filter_map(|pod| pod.label(name)).collect();
        if values.contains(value.as_str()) {
            continue;
        }
        if let Some(meant) = nearest(value, values.iter().copied()) {
            return format!("did you mean `{name}: {meant}`?");
        }
        if !values.is_empty() {
            let known: Vec<String> = values.iter().take(5).map(|value| format!("`{value}`")).collect();
            return format!("workloads of this namespace have `{name}` {}", known.join(", "));
        }
        let names = pods
            .iter()
            .flat_map(|pod| pod.labels.entries())
            .map(|entry| entry.name.as_str());
        if let Some(meant) = nearest(name, names) {
            return format!("did you mean the label `{meant}`?");
        }
    }
    "write labels that the pods of a workload in this namespace have".to_owned()
}
