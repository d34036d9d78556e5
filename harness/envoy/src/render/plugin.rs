//! The module's own configuration: the documents as they are, and what the description says for it.

use peerwarden_engine::document::Value;
use peerwarden_engine::{Config, Enforcement, Fingerprint, Problems, Program, Protocol};
use serde_json::json;

use super::bootstrap::Layout;
use super::lock;
use crate::description::{Description, Port};
use crate::json;
use crate::template::{self, Unfilled};
use crate::trust;

/// What a configuration of the module decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decides {
    Requests,
    Connections(Enforcement),
}

/// One configuration of the module, for all that is decided alike.
#[derive(Debug)]
pub(super) struct Plugin {
    of: Decides,
    /// Whether what it allows is marked for the filter behind it.
    is_locked: bool,
    configuration: String,
    fingerprint: Option<Fingerprint>,
}

/// Reads and compiles what the module would, in the order in which it would complain.
pub(super) fn compile(description: &Value, resources: &[Value]) -> Result<(Config, Program), Problems> {
    let lock = Value::Bool(false);
    let config = Config::read(&configuration(description, resources, Decides::Requests, lock))?;
    let program = Program::compile(&config)?;
    Ok((config, program))
}

/// What is wrong with the description, and after it what is wrong with the rest.
pub(super) fn all_problems(description: Option<Problems>, rest: Option<Problems>) -> Problems {
    let mut all = Problems::default();
    for problem in description.iter().chain(&rest).flat_map(Problems::iter) {
        all.push(problem.clone());
    }
    all
}

fn configuration(description: &Value, resources: &[Value], decides: Decides, lock: Value) -> Value {
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
    // What the access log of the rendered configuration shows.
    if description.get("report").is_none() {
        fields.push(("report".to_owned(), text("all")));
    }
    if matches!(decides, Decides::Requests) {
        end_requests(&mut fields);
    }
    fields.push(("protocol".to_owned(), text(decides.protocol().as_str())));
    if let Decides::Connections(enforcement) = decides {
        let tcp = vec![("enforcement".to_owned(), text(enforcement.as_str()))];
        fields.push(("tcp".to_owned(), Value::Object(tcp)));
    }
    fields.push(("lock".to_owned(), lock));
    fields.push(("resources".to_owned(), Value::List(resources.to_vec())));
    Value::Object(fields)
}

/// What was promised of connections holds for requests too, unless the description says otherwise.
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

impl Decides {
    fn protocol(self) -> Protocol {
        match self {
            Self::Requests => Protocol::Http,
            Self::Connections(_) => Protocol::Tcp,
        }
    }
}

impl From<&Port> for Decides {
    fn from(port: &Port) -> Self {
        if port.protocol.is_http() {
            Self::Requests
        } else {
            Self::Connections(port.enforcement)
        }
    }
}

impl Plugin {
    /// What decides these, with this `lock`.
    pub(super) fn new(of: Decides, description: &Value, resources: &[Value], lock: Value) -> Self {
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

    /// The number of the configuration, by which it can be told whether the module decides by it.
    pub(super) fn fingerprint(&self) -> Option<Fingerprint> {
        self.fingerprint
    }

    /// What it decides.
    pub(super) fn decides(&self) -> Decides {
        self.of
    }

    /// What it is for, for people.
    pub(super) fn says(&self) -> &'static str {
        match self.of {
            Decides::Requests => "HTTP",
            Decides::Connections(Enforcement::Handshake) => "TCP, on the first data after the handshake",
            Decides::Connections(Enforcement::Hold) => "TCP, before the application is connected to",
        }
    }

    /// Its name, which no other configuration has that is there for something else.
    pub(super) fn name(&self) -> &'static str {
        match self.of {
            Decides::Requests => "peerwarden-http",
            Decides::Connections(Enforcement::Handshake) => "peerwarden-tcp",
            Decides::Connections(Enforcement::Hold) => "peerwarden-tcp-hold",
        }
    }

    /// Its file, where files are discovered.
    pub(super) fn file(&self) -> String {
        format!("{}.yaml", self.name())
    }

    /// The filter that holds it, or that looks for it in a folder: what the template of a chain of filters is filled with.
    pub(super) fn filter(&self, module: &str, layout: Layout<'_>) -> Result<serde_json::Value, Unfilled> {
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

    /// What a filter finds there that looks for it in a folder.
    pub(super) fn extension(&self, module: &str) -> Result<String, Unfilled> {
        let context =
            json!({"kind": self.kind(), "plugin_name": self.name(), "plugin": self.config(module)?});
        template::fill("shared/extension.yaml", context)
    }

    fn config(&self, module: &str) -> Result<String, Unfilled> {
        let context = json!({
            "plugin_name": self.name(),
            "module": module,
            "configuration": self.configuration,
            "fingerprint": self.fingerprint.map(Fingerprint::number),
        });
        template::fill("shared/plugin.yaml", context)
    }

    /// As Envoy's names of the filters have it.
    fn kind(&self) -> &'static str {
        match self.of.protocol() {
            Protocol::Http => "http",
            Protocol::Tcp => "network",
        }
    }
}
