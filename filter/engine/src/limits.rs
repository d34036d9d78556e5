//! Limits on the size of a configuration. Each is far beyond real use and below what would hurt Envoy.

use crate::at::At;
use crate::problem::Problem;

/// Bytes of one plugin configuration: a mesh with ten thousand policies takes about 5 MB. Two of the largest fit into the 1 GiB that Envoy
/// gives a module, whatever they say ([`memory`]).
pub const CONFIGURATION_BYTES: usize = 7 * 1024 * 1024;

/// Bytes of memory that the module needs at most for a configuration of so many bytes, while it reads it and afterwards, in a mesh whose
/// trust domain has so many names. Measured with the shapes that cost most: `tests/module/memory`.
pub fn memory(bytes: usize, names: usize) -> usize {
    const FOR_EACH: usize = 66;
    // Empty rules cost more for each byte; their number is limited.
    const BESIDE: usize = 24 * 1024 * 1024;
    let grown = bytes.saturating_mul(names).min(CONFIGURATION_BYTES);
    grown.max(bytes).saturating_mul(FOR_EACH).saturating_add(BESIDE)
}

/// That a configuration has more than [`CONFIGURATION_BYTES`].
pub fn too_large(bytes: usize) -> Problem {
    let message =
        format!("the configuration has {bytes} bytes, more than the maximum of {CONFIGURATION_BYTES}");
    Problem::new(&At::ROOT, message).help("include only the policies of this workload")
}

/// Names at the root of a configuration, known or not.
pub const CONFIGURATION_FIELDS: usize = 256;

/// Rules of one policy, and entries of one `from`: Istio's own limits in its CRD.
pub const RULES: usize = 512;

/// Rules of all policies together: as many as would fit that are not empty.
pub const RULES_IN_ALL: usize = 250_000;

/// `targetRefs` of one policy: Istio's own limit.
pub const TARGET_REFS: usize = 16;

/// `jwtRules` of one document: Istio's own limit in its CRD.
pub const JWT_RULES: usize = 4_096;

/// Bytes of a document's name, and of its namespace: Kubernetes' own limits.
pub const NAME_BYTES: usize = 253;
/// See [`NAME_BYTES`].
pub const NAMESPACE_BYTES: usize = 63;

/// Names of the mesh's trust domain beside its own: each principal of the mesh is read once for each.
pub const TRUST_DOMAIN_ALIASES: usize = 100;

pub use crate::problem::MOST as PROBLEMS;

/// Values of one field.
pub const VALUES: usize = 10_000;

/// Bytes of one value: beyond what any certificate name or path in a policy needs.
pub const VALUE_BYTES: usize = 8 * 1024;

/// `serviceAccounts` entries of one source, and bytes of one entry: Istio's own limits.
pub const SERVICE_ACCOUNTS: usize = 16;
/// See [`SERVICE_ACCOUNTS`].
pub const SERVICE_ACCOUNT_BYTES: usize = 320;

/// Bytes of a label value: Kubernetes' own limit.
pub const LABEL_VALUE_BYTES: usize = 63;

/// How deep claims and dynamic metadata may nest: a deeper one is treated as unavailable, not as absent.
pub const METADATA_DEPTH: usize = 32;
