//! How much a configuration may hold. Each limit is far beyond real use and below what would hurt Envoy.

/// Bytes of one plugin configuration: a mesh with ten thousand policies takes about 5 MB.
pub const CONFIGURATION_BYTES: usize = 32 * 1024 * 1024;

/// Rules of one policy, and entries of one `from`: Istio's own limits in its CRD.
pub const RULES: usize = 512;

/// `targetRefs` of one policy: Istio's own limit.
pub const TARGET_REFS: usize = 16;

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
