//! The kinds of documents that the tools read.

/// The API group of policies.
pub const GROUP: &str = "security.istio.io/";

/// The kinds of policies.
pub(crate) const DECIDING: [&str; 3] = [
    "AuthorizationPolicy",
    "PeerAuthentication",
    "RequestAuthentication",
];

/// The kinds that run pods; the API server may also list these in a list of their own kind.
pub(crate) const WORKLOADS: [&str; 8] = [
    "Deployment",
    "StatefulSet",
    "DaemonSet",
    "ReplicaSet",
    "Job",
    "CronJob",
    "Pod",
    "ReplicationController",
];

/// Other kinds that lints read.
const BESIDE: [&str; 16] = [
    "Namespace",
    "Service",
    "ServiceAccount",
    "ServiceEntry",
    "DestinationRule",
    "VirtualService",
    "Gateway",
    "GatewayClass",
    "HTTPRoute",
    "GRPCRoute",
    "TLSRoute",
    "TCPRoute",
    "WorkloadEntry",
    "WorkloadGroup",
    "IstioOperator",
    "Istio",
];

/// The namespace that kubectl uses by default.
pub const DEFAULT: &str = "default";

/// Whether lints read documents of this kind.
pub(crate) fn is_beside_policies(kind: &str) -> bool {
    let of = kind.strip_suffix("List").unwrap_or(kind);
    WORKLOADS.contains(&of) || BESIDE.contains(&of)
}
