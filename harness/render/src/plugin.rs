//! The module's own configuration: the documents, unchanged, and the module's part of the description.

use peerwarden_engine::document::Value;
use peerwarden_engine::{Config, Enforcement, Fingerprint, Problems, Program, Protocol};
use serde_json::json;

use super::bootstrap::Layout;
use super::lock;
use crate::description::{Description, Port};
use crate::json;
use crate::template::{self, TemplateError};
use crate::trust;

/// What a plugin decides on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DecisionScope {
    Requests,
    Connections(Enforcement),
}

/// One configuration of the module.
#[derive(Debug)]
pub(super) struct Plugin {
    of: DecisionScope,
    /// Whether it marks what it allows, for the filter behind it.
    is_locked: bool,
    configuration: String,
    fingerprint: Option<Fingerprint>,
}

/// Reads and compiles a configuration as the module does, reporting errors in the same order.
pub(super) fn compile(description: &Value, resources: &[Value]) -> Result<(Config, Program), Problems> {
    let lock = Value::Bool(false);
    let config = Config::read(&configuration(
        description,
        resources,
        DecisionScope::Requests,
        lock,
    ))?;
    let program = Program::compile(&config)?;
    Ok((config, program))
}

/// The problems of the description, followed by those of the rest.
pub(super) fn all_problems(description: Option<Problems>, rest: Option<Problems>) -> Problems {
    let mut all = Problems::default();
    for problem in description.iter().chain(&rest).flat_map(Problems::iter) {
        all.push(problem.clone());
    }
    all
}

fn configuration(description: &Value, resources: &[Value], decides: DecisionScope, lock: Value) -> Value {
    let mut fields = Vec::new();
    for name in Description::OF_PLUGIN {
        if let Some(value) = description.get(name) {
            let value = if name == "mesh" {
                trust::of_module(value)
            } else {
                value.clone()
            };
            fields.push((name.to_owned(), value));
        }
    }
    let text = |text: &str| Value::String(text.to_owned());
    // For the access log of the rendered configuration.
    if description.get("report").is_none() {
        fields.push(("report".to_owned(), text("all")));
    }
    if matches!(decides, DecisionScope::Requests) {
        end_requests(&mut fields);
    }
    fields.push(("protocol".to_owned(), text(decides.protocol().as_str())));
    if let DecisionScope::Connections(enforcement) = decides {
        let tcp = vec![("enforcement".to_owned(), text(enforcement.as_str()))];
        fields.push(("tcp".to_owned(), Value::Object(tcp)));
    }
    fields.push(("lock".to_owned(), lock));
    fields.push(("resources".to_owned(), Value::List(resources.to_vec())));
    Value::Object(fields)
}

/// Closes open requests on an update, like connections, unless the description says otherwise.
fn end_requests(fields: &mut Vec<(String, Value)>) {
    let on_update = ("onUpdate".to_owned(), Value::String("close".to_owned()));
    match fields.iter_mut().find(|(name, _)| name == "openConnections") {
        Some((_, Value::Object(settings))) => {
            if !settings.iter().any(|(name, _)| *name == on_update.0) {
                settings.push(on_update);
            }
        }
        // Not an object: the engine refuses it.
        Some(_) => {}
        None => fields.push(("openConnections".to_owned(), Value::Object(vec![on_update]))),
    }
}

impl DecisionScope {
    fn protocol(self) -> Protocol {
        match self {
            Self::Requests => Protocol::Http,
            Self::Connections(_) => Protocol::Tcp,
        }
    }
}

impl From<&Port> for DecisionScope {
    fn from(port: &Port) -> Self {
        if port.protocol.is_http() {
            Self::Requests
        } else {
            Self::Connections(port.enforcement)
        }
    }
}

impl Plugin {
    /// The plugin for these decisions, with this `lock`.
    pub(super) fn new(of: DecisionScope, description: &Value, resources: &[Value], lock: Value) -> Self {
        let is_locked = lock != Value::Bool(false);
        let configuration = configuration(description, resources, of, lock);
        let config = Config::read(&configuration).ok();
        Self {
            of,
            is_locked,
            configuration: json::pretty(&configuration),
            fingerprint: config.as_ref().and_then(Fingerprint::of),
        }
    }

    /// The fingerprint of the configuration, which shows whether the module uses it.
    pub(super) fn fingerprint(&self) -> Option<Fingerprint> {
        self.fingerprint
    }

    /// What it decides on.
    pub(super) fn decides(&self) -> DecisionScope {
        self.of
    }

    /// Its purpose, for people.
    pub(super) fn says(&self) -> &'static str {
        match self.of {
            DecisionScope::Requests => "HTTP",
            DecisionScope::Connections(Enforcement::Handshake) => {
                "TCP, on the first data after the handshake"
            }
            DecisionScope::Connections(Enforcement::Hold) => "TCP, before Envoy connects to the application",
        }
    }

    /// Its name, which differs from those of plugins with another purpose.
    pub(super) fn name(&self) -> &'static str {
        match self.of {
            DecisionScope::Requests => "peerwarden-http",
            DecisionScope::Connections(Enforcement::Handshake) => "peerwarden-tcp",
            DecisionScope::Connections(Enforcement::Hold) => "peerwarden-tcp-hold",
        }
    }

    /// Its file, if files are discovered.
    pub(super) fn file(&self) -> String {
        format!("{}.yaml", self.name())
    }

    /// The context for the template of its filter, which contains the configuration or finds it in a folder.
    pub(super) fn filter(
        &self,
        module: &str,
        layout: Layout<'_>,
    ) -> Result<serde_json::Value, TemplateError> {
        let text = match layout {
            Layout::Static => {
                let context = json!({"kind": self.kind(), "plugin": self.config(module)?});
                template::fill("shared/filter_static.yaml", context)
            }
            Layout::Discovered(folder) => {
                let context = json!({"kind": self.kind(), "path": format!("{folder}/{}", self.file())});
                template::fill("shared/filter_discovered.yaml", context)
            }
        };
        let behind = self.is_locked.then(|| lock::filter(self.kind())).transpose()?;
        Ok(json!({"name": self.name(), "text": text?, "lock": behind, "nowhere": lock::NOWHERE}))
    }

    /// The resource that the filter finds in the folder.
    pub(super) fn extension(&self, module: &str) -> Result<String, TemplateError> {
        let context =
            json!({"kind": self.kind(), "plugin_name": self.name(), "plugin": self.config(module)?});
        template::fill("shared/extension.yaml", context)
    }

    fn config(&self, module: &str) -> Result<String, TemplateError> {
        let context = json!({
            "plugin_name": self.name(),
            "module": module,
            "configuration": self.configuration,
            "fingerprint": self.fingerprint.map(Fingerprint::number),
        });
        template::fill("shared/plugin.yaml", context)
    }

    /// The kind in the names of Envoy's filters.
    fn kind(&self) -> &'static str {
        match self.of.protocol() {
            Protocol::Http => "http",
            Protocol::Tcp => "network",
        }
    }
}
