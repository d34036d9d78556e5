//! Common parts of reports for programs. Their JSON Schemas are made from these types.

use std::collections::BTreeMap;

use peerwarden_analysis::{Attribute, Namespaces, Peers, Values, WorkloadClass};
use peerwarden_traffic as engine;
use schemars::JsonSchema;
use serde::Serialize;

/// The peers that an answer covers; certificates have a single name.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum PeerScope {
    /// Any name.
    AnyName,
    /// Names in the form `spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/SERVICE-ACCOUNT`.
    IstioNames,
}

impl From<Peers> for PeerScope {
    fn from(peers: Peers) -> Self {
        match peers {
            Peers::AnyName => PeerScope::AnyName,
            Peers::IstioNames => PeerScope::IstioNames,
        }
    }
}

/// A workload: the one with the fewest labels among all to which the same documents apply.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct Workload {
    /// `sidecar`, `gateway` or `waypoint`.
    kind: &'static str,
    /// Its namespace.
    namespace: String,
    /// Whether the namespace stands for all namespaces without documents.
    elsewhere: bool,
    /// Its labels.
    labels: BTreeMap<String, String>,
    /// For a waypoint: the service of its traffic.
    services: Vec<String>,
}

impl From<&WorkloadClass> for Workload {
    fn from(class: &WorkloadClass) -> Self {
        let workload = &class.workload;
        let services = workload.services.iter().map(|service| service.name.clone());
        Self {
            kind: workload.kind.as_str(),
            namespace: workload.namespace.clone(),
            elsewhere: class.namespaces != Namespaces::One,
            labels: workload.labels.clone(),
            services: services.collect(),
        }
    }
}

/// A decision.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct DecisionReport {
    /// `allow` or `deny`.
    decision: &'static str,
    /// The rule or document that decided; `null` if none did.
    by: Option<engine::RuleRef>,
    /// The reason's name.
    reason: &'static str,
    /// The reason in words.
    why: String,
}

impl From<&engine::Decision> for DecisionReport {
    fn from(decided: &engine::Decision) -> Self {
        Self {
            decision: decided.verdict(),
            by: decided.by.clone(),
            reason: decided.reason.as_str(),
            why: decided.reason.to_string(),
        }
    }
}

/// Values in words, by the attribute's name.
pub(crate) fn values(values: &[(Attribute, Values)]) -> BTreeMap<String, String> {
    let named = values
        .iter()
        .map(|(attribute, values)| (attribute.to_string(), values.to_string()));
    named.collect()
}
