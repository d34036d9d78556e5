//! What every document has: its version and its metadata.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde_json::Value;

/// The version of the documents' group.
#[derive(JsonSchema)]
pub(super) enum ApiVersion {
    #[schemars(rename = "security.istio.io/v1")]
    V1,
    #[schemars(rename = "security.istio.io/v1beta1")]
    V1Beta1,
}

/// The name and the namespace of the document.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Metadata {
    /// The name that decisions and logs show.
    name: DocumentName,
    /// It determines which workloads the document applies to.
    namespace: DocumentName,
    /// `istio.io/dry-run: "true"` makes it a dry run.
    annotations: Option<BTreeMap<String, String>>,
    /// The oldest of several PeerAuthentications wins.
    creation_timestamp: Option<String>,
    labels: Option<Value>,
    uid: Option<Value>,
    resource_version: Option<Value>,
    generation: Option<Value>,
    managed_fields: Option<Value>,
    owner_references: Option<Value>,
    finalizers: Option<Value>,
    self_link: Option<Value>,
    deletion_timestamp: Option<Value>,
    deletion_grace_period_seconds: Option<Value>,
    generate_name: Option<Value>,
    cluster_name: Option<Value>,
}

/// Printable characters, no brackets and no slash.
#[derive(JsonSchema)]
#[schemars(transparent)]
struct DocumentName(#[schemars(regex(pattern = r"^[ -.0-Z\\^-~]+$"))] String);
