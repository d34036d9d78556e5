//! `PeerAuthentication`: <https://istio.io/latest/docs/reference/config/security/peer_authentication/>.

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema};
use serde_json::{Value, json};

use super::document::{ApiVersion, Metadata};
use super::target::Selector;
use super::values::UP_TO_65535;

/// The connections that a workload accepts.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "camelCase")]
pub(in crate::schema) struct PeerAuthentication {
    api_version: ApiVersion,
    kind: String,
    metadata: Metadata,
    /// The modes.
    spec: Option<PeerAuthenticationSpec>,
    /// What the API server adds.
    status: Option<Value>,
}

/// The modes.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "camelCase", transform = ports_of_a_workload)]
struct PeerAuthenticationSpec {
    /// The workloads that it applies to, by their labels; all workloads of the namespace by default.
    selector: Option<Selector>,
    /// The mode of all ports.
    mtls: Option<Mtls>,
    /// The modes of single ports of the workload.
    port_level_mtls: Option<PortLevelMtls>,
}

/// A mode.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Mtls {
    /// Inherited by default.
    mode: Option<Mode>,
}

/// Modes by port.
#[derive(JsonSchema)]
#[schemars(transparent, extend("minProperties" = 1, "propertyNames" = {"pattern": format!("^{UP_TO_65535}$")}))]
struct PortLevelMtls(BTreeMap<String, Option<Mtls>>);

/// A mutual TLS mode.
#[derive(JsonSchema)]
#[schemars(rename_all = "UPPERCASE")]
enum Mode {
    /// Inherited from the namespace or the mesh.
    Unset,
    /// Plaintext only.
    Disable,
    /// Mutual TLS and plaintext.
    Permissive,
    /// Mutual TLS only.
    Strict,
}

/// Requires a selector for port modes.
fn ports_of_a_workload(schema: &mut Schema) {
    schema.insert(
        "if".to_owned(),
        json!({"required": ["portLevelMtls"], "properties": {"portLevelMtls": {"type": "object"}}}),
    );
    schema.insert(
        "then".to_owned(),
        json!({
            "required": ["selector"],
            "properties": {"selector": {
                "type": "object",
                "required": ["matchLabels"],
                "properties": {"matchLabels": {"type": "object", "minProperties": 1}},
            }},
        }),
    );
}
