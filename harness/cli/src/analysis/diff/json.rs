//! For programs. Its JSON Schema is made from these types.

use std::collections::BTreeMap;

use anyhow::Result;
use peerwarden_traffic::Traffic;
use schemars::JsonSchema;
use serde::Serialize;

use super::super::report::{self, DecisionReport, PeerScope, Workload};
use super::{Change, Diff, Difference};

/// The output of `peerwarden diff --format json`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub(crate) struct Report {
    /// Whether nothing changes; also false if something could not be compared, or depends on an authorizer without a
    /// description.
    equivalent: bool,
    /// The peers that the proof covers.
    proved_for: PeerScope,
    /// The external authorizers whose answers matter: each is assumed to answer both sides the same.
    authorizers: Vec<String>,
    /// The external authorizers that policies name and that have no description. What they would be asked about counts
    /// as denied on both sides, and nothing is proved about it.
    not_described: Vec<String>,
    /// How many workloads were compared.
    workloads: usize,
    /// What changes, by workload and protocol.
    changes: Vec<ChangeReport>,
}

/// What changes for one workload on one protocol.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
struct ChangeReport {
    /// The workload.
    workload: Workload,
    /// `http` or `tcp`.
    protocol: &'static str,
    /// What is newly allowed.
    newly_allowed: Side,
    /// What is newly denied.
    newly_denied: Side,
    /// Why it could not be compared.
    not_compared: Option<String>,
}

/// What is newly allowed, or newly denied.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Side {
    /// The classes, which do not overlap.
    classes: Vec<Class>,
    /// Whether there is more than `--limit` shows.
    more: bool,
    /// An example from a peer whose certificate has a name that Istio does not issue; the classes are about other peers.
    odd: Option<Traffic>,
}

/// Traffic whose verdict changes.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
struct Class {
    /// The conditions on attributes, in words.
    values: BTreeMap<String, String>,
    /// An example, in the format of `eval` and `explain`.
    traffic: Traffic,
    /// The decision of the old policies.
    old: DecisionReport,
    /// The decision of the new policies.
    new: DecisionReport,
    /// For newly allowed traffic, the trust domains of its peers that the handshake refuses before any policy is evaluated.
    handshake_refuses: Vec<String>,
}

impl From<&super::Class> for Class {
    fn from(class: &super::Class) -> Self {
        Self {
            values: report::values(&class.values),
            traffic: class.traffic.clone(),
            old: (&class.old).into(),
            new: (&class.new).into(),
            handshake_refuses: class.refused.clone(),
        }
    }
}

impl From<&super::Side> for Side {
    fn from(side: &super::Side) -> Self {
        Self {
            classes: side.classes.iter().map(Class::from).collect(),
            more: side.more,
            odd: side.odd.as_deref().cloned(),
        }
    }
}

impl From<&Change> for ChangeReport {
    fn from(change: &Change) -> Self {
        let (newly_allowed, newly_denied, not_compared) = match &change.difference {
            Difference::Changed {
                newly_allowed,
                newly_denied,
            } => (newly_allowed.into(), newly_denied.into(), None),
            Difference::Beyond(why) => (Side::default(), Side::default(), Some(why.clone())),
        };
        Self {
            workload: (&change.workload).into(),
            protocol: change.protocol.as_str(),
            newly_allowed,
            newly_denied,
            not_compared,
        }
    }
}

/// The whole text.
///
/// # Errors
///
/// Never: all values can be written as JSON.
pub(crate) fn text(diff: &Diff) -> Result<String> {
    let report = Report {
        equivalent: diff.changes.is_empty() && diff.undescribed.is_empty(),
        proved_for: diff.peers.into(),
        authorizers: diff.authorizers.clone(),
        not_described: diff.undescribed.clone(),
        workloads: diff.workloads,
        changes: diff.changes.iter().map(ChangeReport::from).collect(),
    };
    Ok(serde_json::to_string_pretty(&report)? + "\n")
}
