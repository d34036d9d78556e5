//! The gateways among the documents, and the policies that are for them.

use std::collections::BTreeMap;

use peerwarden_documents::documents::{Document, OtherDocuments};
use peerwarden_documents::source::Source;
use peerwarden_documents::yaml::Entry;
use peerwarden_engine::resource::Selector;

use super::{Context, Policy};
use crate::gateway;

impl<'d> Context<'d> {
    /// Whether a policy is for gateways or waypoints, whose listeners configure which certificates they accept.
    pub(crate) fn is_for_gateway(&self, policy: &Policy<'_>) -> bool {
        let written = &policy.written;
        let is_beside = |source: &Source| self.is_beside(&policy.document.source, source);
        let mut selectors = self.gateways.iter();
        let selected = written
            .selector
            .as_ref()
            .filter(|selector| !selector.match_labels.is_empty());
        let by_labels = |selector: &Selector| {
            selector.match_labels.iter().any(gateway::is_label)
                || selectors.any(|(source, labels)| selector.matches(labels) && is_beside(source))
        };
        !written.target_refs.is_empty() || selected.is_some_and(by_labels)
    }

    /// Whether a gateway beside a policy has a port that is not for HTTP.
    pub(crate) fn has_tcp_gateway(&self, policy: &Policy<'_>) -> bool {
        let mut gateways = self.others.of_kind("Gateway");
        gateways.any(|gateway| {
            self.is_beside(&policy.document.source, &gateway.source) && gateway::carries_tcp(gateway)
        })
    }
}

/// The labels that gateways select their pods by.
pub(super) fn all(others: &OtherDocuments) -> Vec<(&Source, BTreeMap<String, String>)> {
    let of_gateway = |gateway: &'_ Document| {
        let labels = gateway.node.at(&["spec", "selector"])?.entries().iter();
        let label = |entry: &Entry| Some((entry.name.clone(), entry.value.as_str()?.to_owned()));
        labels.map(label).collect::<Option<BTreeMap<String, String>>>()
    };
    let gateways = others.of_kind("Gateway");
    gateways
        .filter_map(|gateway| Some((&*gateway.source, of_gateway(gateway)?)))
        .collect()
}
