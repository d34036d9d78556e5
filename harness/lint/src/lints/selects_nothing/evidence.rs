//! Evidence that a selector was meant for a workload among the documents, and what to write instead.

use std::collections::BTreeSet;

use peerwarden_documents::documents::Document;
use peerwarden_engine::document::nearest;
use peerwarden_engine::resource::Selector;

use crate::inventory::{Inventory, Pod};
use crate::typing;

/// Labels with the name of an application.
const NAMES: [&str; 4] = ["app", "app.kubernetes.io/name", "k8s-app", "name"];

/// Whether a label has the name of an application.
pub(super) fn is_name(label: &str) -> bool {
    NAMES.contains(&label)
}

/// What to write instead; `None` if the workload may be elsewhere. `near` are the workloads of the namespace.
pub(super) fn of(
    inventory: &Inventory<'_>,
    near: &[&Pod<'_>],
    (document, selector): (&Document, &Selector),
    is_part: bool,
) -> Option<String> {
    if let Some(help) = slip(near, selector) {
        return Some(help);
    }
    let elsewhere = inventory.pods.iter();
    let mut elsewhere = elsewhere.filter(|pod| !pod.is_unplaced && inventory.is_selected(pod, selector));
    if let Some(pod) = elsewhere.next() {
        return Some(format!("{} has these labels: is this its namespace?", pod.title));
    }
    // One of the labels is right.
    let named = |(name, value): &(String, String), pod: &Pod<'_>| {
        NAMES.contains(&name.as_str()) && pod.label(name) == Some(value)
    };
    let labels = &selector.match_labels;
    let partly = near
        .iter()
        .find(|pod| labels.iter().any(|label| named(label, pod)));
    if let Some(pod) = partly {
        let missing = labels
            .iter()
            .find(|(name, value)| pod.label(name) != Some(value))?;
        return Some(match pod.label(&missing.0) {
            Some(value) => format!("{} has `{}: {value}`", pod.title, missing.0),
            None => format!("{} has no label `{}`", pod.title, missing.0),
        });
    }
    let by_other = by_name(near, selector).or_else(|| by_own_labels(near, selector));
    // Of a part of a cluster nobody knows what else there is.
    if by_other.is_some() || is_part {
        return by_other;
    }
    let by_first_word = by_first_word(near, selector);
    if by_first_word.is_some() {
        return by_first_word;
    }
    // Whoever writes both into one file has them all.
    let beside = near.iter().any(|pod| pod.file == document.source.name);
    beside.then(|| known(near, selector))
}

/// The value is the workload's name, and its pods have another label.
pub(super) fn by_name(near: &[&Pod<'_>], selector: &Selector) -> Option<String> {
    selector.match_labels.iter().find_map(|(name, value)| {
        let is_name = NAMES.contains(&name.as_str());
        let pod = near.iter().find(|pod| is_name && pod.name == value)?;
        let label = pod.label(name)?;
        Some(format!(
            "the pods of {} have `{name}: {label}`: a selector compares labels, not names",
            pod.title
        ))
    })
}

/// The labels are those of the workload itself.
fn by_own_labels(near: &[&Pod<'_>], selector: &Selector) -> Option<String> {
    let labels = &selector.match_labels;
    let has_all = |pod: &&&Pod<'_>| {
        labels
            .iter()
            .all(|(name, value)| pod.own_label(name).or_else(|| pod.label(name)) == Some(value))
    };
    let pod = near.iter().find(has_all)?;
    Some(format!(
        "{} has these labels itself, and its pods do not: add them to `spec.template.metadata.labels`",
        pod.title
    ))
}

/// What an application has beside itself: its name begins like the application's.
const HELPERS: [&str; 17] = [
    "db",
    "database",
    "postgres",
    "postgresql",
    "mysql",
    "mongo",
    "mongodb",
    "redis",
    "cache",
    "worker",
    "exporter",
    "metrics",
    "adapter",
    "operator",
    "job",
    "migration",
    "test",
];

/// One workload has a longer name that begins with the value: `nawal` and `nawal-ai`.
fn by_first_word(near: &[&Pod<'_>], selector: &Selector) -> Option<String> {
    selector.match_labels.iter().find_map(|(name, value)| {
        if value.len() < 4 || !NAMES.contains(&name.as_str()) {
            return None;
        }
        let longer = |known: &&str| {
            let rest = known
                .strip_prefix(value.as_str())
                .and_then(|rest| rest.strip_prefix('-'));
            rest.is_some_and(|rest| !rest.split('-').any(|word| HELPERS.contains(&word)))
        };
        let values: BTreeSet<&str> = near
            .iter()
            .filter_map(|pod| pod.label(name))
            .filter(longer)
            .collect();
        match (values.first(), values.len()) {
            (Some(meant), 1) => Some(format!("did you mean `{name}: {meant}`?")),
            _ => None,
        }
    })
}

/// A mistyped label, or the right value under another name.
fn slip(near: &[&Pod<'_>], selector: &Selector) -> Option<String> {
    for (name, value) in &selector.match_labels {
        let values: BTreeSet<&str> = near.iter().filter_map(|pod| pod.label(name)).collect();
        if values.contains(value.as_str()) {
            continue;
        }
        if let Some(meant) = typing::meant(value, values.iter().copied()) {
            return Some(format!("did you mean `{name}: {meant}`?"));
        }
        let labels = || near.iter().flat_map(|pod| pod.labels());
        let is_name = |other: &str| {
            NAMES.contains(&other) && NAMES.contains(&name.as_str()) || nearest(name, [other]).is_some()
        };
        let same_value = labels().find(|(other, known)| known == value && is_name(other));
        let names: BTreeSet<&str> = labels().map(|(name, _)| name).collect();
        let meant = same_value
            .map(|(name, _)| name)
            .or_else(|| typing::meant(name, names.iter().copied()));
        if let Some(meant) = meant.filter(|meant| *meant != name) {
            return Some(format!("did you mean the label `{meant}`?"));
        }
    }
    None
}

/// The labels of the workloads.
fn known(near: &[&Pod<'_>], selector: &Selector) -> String {
    for (name, _) in &selector.match_labels {
        let values: BTreeSet<&str> = near.iter().filter_map(|pod| pod.label(name)).collect();
        if !values.is_empty() {
            let known: Vec<String> = values.iter().take(5).map(|value| format!("`{value}`")).collect();
            return format!("workloads of this namespace have `{name}` {}", known.join(", "));
        }
    }
    "write labels that the pods of a workload in this namespace have".to_owned()
}
