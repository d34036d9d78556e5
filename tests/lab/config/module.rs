//! The module, as an HTTP filter or as a network filter.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::typed;

/// A module and its configuration.
#[derive(Debug, Clone)]
pub struct Module {
    path: PathBuf,
    configuration: Configuration,
    vm_id: String,
    /// Further fields of the plugin.
    more: Value,
}

/// How the configuration is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// JSON text in a `google.protobuf.StringValue`.
    StringValue,
    /// A `google.protobuf.Struct`, as Istio's `WasmPlugin` has it: numbers are doubles, keys lose their order.
    Struct,
}

#[derive(Debug, Clone)]
enum Configuration {
    Json(Value, Encoding),
    /// Text that may not be JSON; it is sent as a `StringValue`.
    Text(String),
}

// === impl Module ===

impl Module {
    /// A module with a JSON configuration.
    pub fn new(path: PathBuf, configuration: Value) -> Self {
        Self::configured(path, Configuration::Json(configuration, Encoding::StringValue))
    }

    /// A module with any text as configuration.
    pub fn text(path: PathBuf, configuration: &str) -> Self {
        Self::configured(path, Configuration::Text(configuration.to_owned()))
    }

    fn configured(path: PathBuf, configuration: Configuration) -> Self {
        Self {
            path,
            configuration,
            vm_id: "peerwarden".to_owned(),
            more: json!({}),
        }
    }

    /// Sends the JSON in another encoding.
    pub fn encoding(mut self, encoding: Encoding) -> Self {
        if let Configuration::Json(_, current) = &mut self.configuration {
            *current = encoding;
        }
        self
    }

    /// Sets the VM id: modules with different ids do not share a virtual machine.
    pub fn vm_id(mut self, id: &str) -> Self {
        self.vm_id = id.to_owned();
        self
    }

    /// Adds a field of the plugin, or replaces one, as Envoy documents it.
    pub fn with(mut self, field: &str, value: Value) -> Self {
        self.more[field] = value;
        self
    }

    /// The filter, for a chain of requests.
    pub fn http_filter(&self) -> Value {
        let kind = "envoy.extensions.filters.http.wasm.v3.Wasm";
        json!({"name": "envoy.filters.http.wasm", "typed_config": typed(kind, json!({"config": self.plugin()}))})
    }

    /// The filter, for a chain of connections.
    pub fn network_filter(&self) -> Value {
        let kind = "envoy.extensions.filters.network.wasm.v3.Wasm";
        json!({"name": "envoy.filters.network.wasm", "typed_config": typed(kind, json!({"config": self.plugin()}))})
    }

    fn plugin(&self) -> Value {
        let configuration = match &self.configuration {
            Configuration::Json(json, Encoding::Struct) => {
                typed("google.protobuf.Struct", json!({"value": json}))
            }
            Configuration::Json(json, Encoding::StringValue) => string_value(&json.to_string()),
            Configuration::Text(text) => string_value(text),
        };
        let mut plugin = json!({
            "name": "peerwarden",
            "failure_policy": "FAIL_CLOSED",
            "configuration": configuration,
            "vm_config": {
                "vm_id": self.vm_id,
                "runtime": "envoy.wasm.runtime.v8",
                "code": {"local": {"filename": self.path}},
            },
        });
        for (field, value) in self.more.as_object().into_iter().flatten() {
            plugin[field] = value.clone();
        }
        plugin
    }
}

fn string_value(text: &str) -> Value {
    typed("google.protobuf.StringValue", json!({"value": text}))
}
