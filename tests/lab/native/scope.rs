//! Which policies apply to the workload, a sidecar.

use serde_json::Value;

use super::{Mesh, ROOT_NAMESPACE, list};

pub(super) fn applies(policy: &Value, mesh: &Mesh) -> bool {
    let namespace = policy["metadata"]["namespace"].as_str().unwrap_or_default();
    if namespace != ROOT_NAMESPACE && namespace != mesh.namespace {
        return false;
    }
    // A policy attached to a gateway or a service does not apply to a sidecar.
    if !list(&policy["spec"]["targetRefs"]).is_empty() || policy["spec"]["targetRef"].is_object() {
        return false;
    }
    let wanted = policy["spec"]["selector"]["matchLabels"].as_object();
    wanted
        .into_iter()
        .flatten()
        .all(|(label, value)| mesh.labels.get(label.as_str()).copied() == value.as_str())
}
