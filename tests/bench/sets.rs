//! Sets of policies, and their callers. Everything is derived from a seed, so that two runs measure the same.

mod adversarial;
mod mesh;
mod plain;
mod realistic;
mod verdict;

use std::net::Ipv4Addr;

use anyhow::Result;
use peerwarden_lab::native::{Layer, Mesh};
use serde_json::{Value, json};

use adversarial::CostlyForm;

/// The seed of all generated data.
pub(crate) const SEED: u64 = 20_260_713;

/// The numbers of policies.
pub(crate) const COUNTS: [usize; 7] = [1, 10, 50, 100, 200, 1_000, 10_000];

/// The number of concurrent callers.
pub(crate) const VISITORS: usize = 8;

/// The contents of a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// Each policy allows another caller.
    Identity,
    /// Each policy allows another caller one method on one path.
    Full,
    /// The policies of a mesh's workloads for one of them: callers, methods, paths with templates, CIDRs, headers,
    /// denials. One request in five is denied.
    Service,
    /// The documents of a mesh of 500 workloads, of which few select this one; requests as with [`Kind::Service`].
    MeshWide,
    /// A leading wildcard in every path.
    LeadingWildcards,
    /// Only `notPaths` in every policy.
    NotPaths,
    /// As [`Kind::Full`], with a path of 60 KiB in every request.
    LongPath,
}

/// Policies, and their callers.
pub(crate) struct PolicySet {
    pub(crate) layer: Layer,
    /// As in Kubernetes.
    pub(crate) documents: Vec<Value>,
    pub(crate) visitors: Vec<Visitor>,
}

/// A caller with a connection of its own.
#[derive(Debug, Clone)]
pub(crate) struct Visitor {
    /// The principal, without `spiffe://`.
    pub(crate) principal: String,
    /// The address that the connection is made from.
    pub(crate) from: Ipv4Addr,
    /// The HTTP requests, sent in turns.
    pub(crate) questions: Vec<Question>,
    /// Whether a TCP connection is allowed.
    pub(crate) allowed: bool,
}

/// A request, and whether it is allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Question {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) host: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) allowed: bool,
}

impl Kind {
    pub(crate) const ALL: [Self; 7] = [
        Self::Identity,
        Self::Full,
        Self::Service,
        Self::MeshWide,
        Self::LeadingWildcards,
        Self::NotPaths,
        Self::LongPath,
    ];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Full => "identity, method, path",
            Self::Service => "realistic, one service",
            Self::MeshWide => "realistic, a mesh of 500 workloads",
            Self::LeadingWildcards => "leading wildcards",
            Self::NotPaths => "`notPaths` alone",
            Self::LongPath => "a path of 60 KiB",
        }
    }

    /// The kind whose requests are measured without a filter as the baseline.
    pub(crate) fn base(self) -> Self {
        match self {
            Self::Identity | Self::Full | Self::LeadingWildcards | Self::NotPaths => Self::Identity,
            Self::Service | Self::MeshWide => Self::Service,
            Self::LongPath => Self::LongPath,
        }
    }

    /// Whether its policies are as people write them, rather than made to be expensive.
    pub(crate) fn is_typical(self) -> bool {
        matches!(self, Self::Identity | Self::Full | Self::Service)
    }

    /// Whether it has rules on addresses, for which the module needs the direct peer.
    pub(crate) fn has_addresses(self) -> bool {
        matches!(self, Self::Service | Self::MeshWide)
    }

    /// A set with this number of policies of this kind.
    pub(crate) fn set(self, count: usize, layer: Layer) -> Result<PolicySet> {
        let mut set = match self {
            Self::Identity | Self::Full => plain::set(self, count, layer),
            Self::Service => realistic::set(1, count, layer)?,
            Self::MeshWide => realistic::set(mesh::SIZE, count, layer)?,
            Self::LeadingWildcards => adversarial::set(CostlyForm::LeadingWildcards, count),
            Self::NotPaths => adversarial::set(CostlyForm::NotPaths, count),
            Self::LongPath => adversarial::set(CostlyForm::LongPath, count),
        };
        verdict::hold(&set)?;
        // The number of concurrent callers is constant, as it affects the cost of a request.
        let visitors = set.visitors.clone();
        set.visitors.extend(visitors.into_iter().cycle().take(VISITORS));
        set.visitors.truncate(VISITORS);
        Ok(set)
    }
}

impl PolicySet {
    /// The module's configuration.
    pub(crate) fn configuration(&self) -> Value {
        let mesh = workload();
        json!({
            "workload": {"namespace": mesh.namespace, "labels": mesh.labels},
            "protocol": self.layer.as_str(),
            "resources": self.documents,
        })
    }
}

/// The protected workload.
pub(crate) fn workload() -> Mesh {
    Mesh::new(&["cluster.local"])
}

/// An `AuthorizationPolicy`.
fn document(namespace: &str, name: &str, spec: &Value) -> Value {
    json!({
        "apiVersion": "security.istio.io/v1",
        "kind": "AuthorizationPolicy",
        "metadata": {"name": name, "namespace": namespace},
        "spec": spec,
    })
}

/// This many numbers from 0 to below `count`, evenly spread, including the first and the last.
fn spread(count: usize, most: usize) -> Vec<usize> {
    let wanted = most.min(count);
    let gaps = wanted.saturating_sub(1).max(1);
    (0..wanted)
        .map(|place| place * count.saturating_sub(1) / gaps)
        .collect()
}
