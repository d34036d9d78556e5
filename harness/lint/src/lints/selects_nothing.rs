//! PW023: a selector that matches none of the workloads in the documents, or a namespace that none of them has.
//!
//! It is reported only if there are workloads in its namespace, and there is evidence that one of them was meant:
//! others may exist elsewhere.

mod evidence;

use std::collections::BTreeMap;

use peerwarden_documents::diagnostic::{Diagnostic, Severity};
use peerwarden_documents::documents::Document;
use peerwarden_engine::document::Path;
use peerwarden_engine::resource::Selector;

use crate::context::Context;
use crate::gateway;
use crate::inventory::{Inventory, Pod};
use crate::lint::{Finder, Lint};
use crate::typing;

pub(crate) const LINT: Lint = Lint {
    code: "PW023",
    name: "selects-nothing",
    severity: Severity::Warning,
    summary: "a selector whose labels no workload has",
    page: include_str!("../../../../docs/lints/PW023.md"),
    find: Finder::All(find),
};

/// The identity of a selector: the namespace and the labels.
type SelectorKey<'c> = (&'c str, &'c [(String, String)]);

fn find(context: &Context<'_>) -> Vec<Diagnostic> {
    let inventory = Inventory::of(context.others);
    let everything = Selector::default();
    let policies = context.policies.iter().filter_map(|policy| {
        // PW048 checks `targetRefs`.
        if !policy.written.target_refs.is_empty() {
            return None;
        }
        let selector = policy.written.selector.as_ref().unwrap_or(&everything);
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
    let root = &context.mesh.root_namespace;
    let finding = |(document, title, namespace, selector): (&Document, String, &String, &Selector)| {
        // Most select something, and it need not be looked for.
        if inventory.selects_in(namespace, selector) {
            return None;
        }
        let everywhere = namespace == root;
        let near: Vec<&Pod<'_>> = inventory
            .pods
            .iter()
            .filter(|pod| everywhere || pod.is_in(namespace))
            .collect();
        if near.is_empty() {
            let unplaced: Vec<&Pod<'_>> = inventory.unplaced().collect();
            let is_known = unplaced.iter().any(|pod| inventory.is_selected(pod, selector));
            let by_name = evidence::by_name(&unplaced, selector).filter(|_| !is_known);
            if let Some(help) = by_name {
                return Some(told(document, &title, help));
            }
            return in_another_namespace(&inventory, root, document, &title, (namespace, selector));
        }
        let of_gateway = selector.match_labels.iter().any(gateway::is_label);
        let candidates = near.iter().copied().chain(inventory.unplaced());
        let is_selected = |pod: &Pod<'_>| inventory.is_selected(pod, selector);
        if selector.match_labels.is_empty() || of_gateway || candidates.into_iter().any(is_selected) {
            return None;
        }
        let skipped = &context.surroundings.skipped;
        // A file that cannot be read has the name: the workload may be there.
        if selector
            .match_labels
            .iter()
            .any(|(name, value)| evidence::is_name(name) && skipped.names.labels.contains(value))
        {
            return None;
        }
        let help = evidence::of(&inventory, &near, (document, selector), skipped.is_part)?;
        Some(told(document, &title, help))
    };
    // One selector of several documents is one mistake.
    let mut found: Vec<Diagnostic> = Vec::new();
    let mut by_selector: BTreeMap<SelectorKey<'_>, usize> = BTreeMap::new();
    for document in policies.chain(modes).chain(tokens) {
        let key = (document.2.as_str(), document.3.match_labels.as_slice());
        let Some(finding) = finding(document) else {
            continue;
        };
        match by_selector.get(&key).and_then(|first| found.get_mut(*first)) {
            Some(first) => {
                if let (Some(place), true) = (finding.place, first.details.related.len() < 3) {
                    first.details.related.push((place, "here too".to_owned()));
                }
            }
            None => {
                by_selector.insert(key, found.len());
                found.push(finding);
            }
        }
    }
    found
}

fn told(document: &Document, title: &str, help: String) -> Diagnostic {
    let message = format!("{title}: no workload among the documents has the labels of its selector");
    let place = document.place(&Path::keys(["spec", "selector", "matchLabels"]), false);
    LINT.found(message).at(place).help(help)
}

/// A namespace that no document has, and that is probably a typo.
fn in_another_namespace(
    inventory: &Inventory<'_>,
    root: &str,
    document: &Document,
    title: &str,
    (namespace, selector): (&str, &Selector),
) -> Option<Diagnostic> {
    if inventory.has_namespace(namespace) {
        return None;
    }
    let place = document.place(&Path::keys(["metadata", "namespace"]), false);
    if typing::is_slip(namespace, root) {
        let message = format!("{title}: the namespace `{namespace}` is not the root namespace");
        let help = format!("did you mean `{root}`? What is there applies to the whole mesh");
        return Some(LINT.found(message).at(place).help(help));
    }
    let pods = inventory.pods.iter().filter(|pod| !pod.is_unplaced);
    let selected = pods.filter(|pod| inventory.is_selected(pod, selector));
    let meant = typing::meant(namespace, selected.clone().map(|pod| pod.namespace))?;
    let pod = selected.clone().find(|pod| pod.namespace == meant)?;
    let message = format!("{title}: no workload among the documents is in the namespace `{namespace}`");
    let help = format!("did you mean `{meant}`? {} is there", pod.title);
    Some(LINT.found(message).at(place).help(help))
}
