//! The kinds of documents that something here reads.

/// The group of the documents that decide something.
pub const GROUP: &str = "security.istio.io/";

/// The kinds of that group.
pub(crate) const DECIDING: [&str; 3] = [
    "AuthorizationPolicy",
    "PeerAuthentication",
    "RequestAuthentication",
];

/// The kinds that run pods: of these too, what the API server lists may be of one kind.
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

/// What lints read beside policies and workloads.
const BESIDE: [&str; 14] = [
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
];

/// The namespace that kubectl takes where nothing says otherwise.
pub const DEFAULT: &str = "default";

/// Whether lints read documents of this kind.
pub(crate) fn is_beside_policies(kind: &str) -> bool {
    let of = kind.strip_suffix("List").unwrap_or(kind);
    WORKLOADS.contains(&of) || BESIDE.contains(&of)
}
