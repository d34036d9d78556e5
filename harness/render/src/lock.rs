//! The second lock: Envoy's own filters, which block everything that the module has not marked. Envoy runs a chain without the
//! module if a worker could not set it up.

use peerwarden_engine::document::Value;
use serde_json::json;

use crate::template::{self, TemplateError};

/// The cluster that `tcp_proxy` names: it has no endpoints, and the module names the cluster that connections continue to.
pub(super) const NOWHERE: &str = "peerwarden-denied";

/// The name of the filter behind the module.
const FILTER: &str = "peerwarden-lock";

/// `lock` of the module's configuration if it decides connections: the cluster of each port.
pub(super) fn of_connections(clusters: &[(u16, String)]) -> Value {
    let text = |name: &String| Value::String(name.clone());
    let field = match clusters {
        [(_, name)] => ("cluster".to_owned(), text(name)),
        several => {
            let entries = several.iter().map(|(port, name)| (port.to_string(), text(name)));
            ("clusters".to_owned(), Value::Object(entries.collect()))
        }
    };
    Value::Object(vec![field])
}

/// The filter behind the module; `kind` is that of the module's own filter, `http` or `network`.
pub(super) fn filter(kind: &str) -> Result<String, TemplateError> {
    let key = if kind == "http" {
        "wasm.peerwarden.request"
    } else {
        "wasm.peerwarden.connection"
    };
    let lock = json!({"filter": FILTER, "kind": kind, "key": key});
    template::fill("shared/lock.yaml", json!({"lock": lock}))
}
