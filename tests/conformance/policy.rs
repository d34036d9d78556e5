//! Documents in the corpus: flat, without the parts that every document has.

use anyhow::{Result, bail};
use serde_json::{Map, Value, json};

/// Keys that belong to a document's metadata.
const METADATA: [(&str, &str); 4] = [
    ("name", "name"),
    ("namespace", "namespace"),
    ("annotations", "annotations"),
    ("created", "creationTimestamp"),
];

/// Converts a flat document to a Kubernetes document, or returns a complete one. `index` provides a missing name.
///
/// # Errors
///
/// If it is not a mapping.
pub(crate) fn document(flat: &Value, index: usize) -> Result<Value> {
    let Value::Object(flat) = flat else {
        bail!("a policy is a mapping, not {flat}")
    };
    if flat.contains_key("apiVersion") {
        return Ok(Value::Object(flat.clone()));
    }
    let mut spec = flat.clone();
    let mut metadata = Map::new();
    metadata.insert("name".to_owned(), json!(format!("p{index}")));
    metadata.insert("namespace".to_owned(), json!("foo"));
    for (written, name) in METADATA {
        if let Some(value) = spec.remove(written) {
            metadata.insert(name.to_owned(), value);
        }
    }
    let mode = spec.contains_key("mtls") || spec.contains_key("portLevelMtls");
    let kind = if mode {
        "PeerAuthentication"
    } else {
        "AuthorizationPolicy"
    };
    let kind = spec.remove("kind").unwrap_or(json!(kind));
    let spec = spec.remove("spec").unwrap_or(Value::Object(spec));
    Ok(json!({"apiVersion": "security.istio.io/v1", "kind": kind, "metadata": metadata, "spec": spec}))
}

/// Merges `over` into `base`: mappings are merged, anything else is replaced.
pub(crate) fn merge(base: &Value, over: &Value) -> Value {
    match (base, over) {
        (Value::Object(base), Value::Object(over)) => {
            let mut merged = base.clone();
            for (name, value) in over {
                let under = merged.get(name).unwrap_or(&Value::Null);
                let value = merge(under, value);
                merged.insert(name.clone(), value);
            }
            Value::Object(merged)
        }
        (_, over) => over.clone(),
    }
}
