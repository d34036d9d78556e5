//! The target of a document: workloads by their labels, or a resource that it is attached to.

use std::collections::BTreeMap;

use schemars::JsonSchema;

use super::values::Name;

/// Workloads, by their labels.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Selector {
    /// The labels that a workload must have, with these values.
    match_labels: Option<Labels>,
}

/// Labels and their values.
#[derive(JsonSchema)]
#[schemars(transparent, extend("propertyNames" = {"minLength": 1, "pattern": "^[^*]*$"}))]
struct Labels(BTreeMap<String, Label>);

/// The value of a label, compared exactly, without wildcards.
#[derive(JsonSchema)]
#[schemars(transparent)]
struct Label(#[schemars(length(max = 63), regex(pattern = "^[^*]*$"))] String);

/// A resource that a policy is attached to, in its own namespace.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct TargetRef {
    /// The API group; empty for the core group.
    group: Option<TargetGroup>,
    /// The kind.
    kind: TargetKind,
    /// The name.
    name: Name,
    /// Must be omitted: it is always the policy's own.
    #[schemars(length(max = 0))]
    namespace: Option<String>,
}

/// The API group of a target.
#[derive(JsonSchema)]
enum TargetGroup {
    #[schemars(rename = "gateway.networking.k8s.io")]
    Gateway,
    #[schemars(rename = "networking.istio.io")]
    Networking,
    #[schemars(rename = "core")]
    Core,
    #[schemars(rename = "")]
    Empty,
}

/// The kind of a target.
#[derive(JsonSchema)]
enum TargetKind {
    Gateway,
    GatewayClass,
    Service,
    ServiceEntry,
}
