//! The module's own configuration: the documents as they are, and what the description says for it.

use peerwarden_engine::document::Value;
use peerwarden_engine::{Config, Problems, Program, Protocol};
use serde_json::json;

use crate::description::{Description, Port};
use crate::json;
use crate::template::{self, Unfilled};

/// One configuration of the module, for all ports that are decided alike.
#[derive(Debug)]
pub(super) struct Plugin {
    of: Protocol,
    configuration: String,
}

/// Reads and compiles what the module would, in the order in which it would complain.
pub(super) fn compile(description: &Value, resources: &[Value]) -> Result<(Config, Program), Problems> {
    let config = Config::read(&configuration(description, resources, Protocol::Http))?;
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

fn configuration(description: &Value, resources: &[Value], protocol: Protocol) -> Value {
    let mut fields = Vec::new();
    for name in Description::OF_PLUGIN {
        if let Some(value) = description.get(name) {
            fields.push((name.to_owned(), value.clone()));
        }
    }
    fields.push(("protocol".to_owned(), Value::String(protocol.as_str().to_owned())));
    fields.push(("resources".to_owned(), Value::List(resources.to_vec())));
    Value::Object(fields)
}

impl Plugin {
    /// Those that the ports of a description need.
    pub(super) fn all(read: &Description, description: &Value, resources: &[Value]) -> Vec<Self> {
        let mut plugins: Vec<Self> = Vec::new();
        for port in &read.ports {
            if !plugins.iter().any(|plugin| plugin.serves(port)) {
                let protocol = of(port);
                plugins.push(Self {
                    of: protocol,
                    configuration: json::pretty(&configuration(description, resources, protocol)),
                });
            }
        }
        plugins
    }

    /// Whether this port is decided by it.
    pub(super) fn serves(&self, port: &Port) -> bool {
        self.of == of(port)
    }

    /// What it is for, for people.
    pub(super) fn says(&self) -> &'static str {
        match self.of {
            Protocol::Http => "HTTP",
            Protocol::Tcp => "TCP, on the first data after the handshake",
        }
    }

    /// Its name, which no other configuration has that is there for something else.
    pub(super) fn name(&self) -> &'static str {
        match self.of {
            Protocol::Http => "peerwarden-http",
            Protocol::Tcp => "peerwarden-tcp",
        }
    }

    /// Its file, where files are discovered.
    pub(super) fn file(&self) -> String {
        format!("{}.yaml", self.name())
    }

    /// The filter that holds it.
    pub(super) fn filter(&self, module: &str) -> Result<String, Unfilled> {
        let context = json!({"kind": self.kind(), "plugin": self.config(module)?});
        template::fill("inbound/filter_static.yaml", context)
    }

    /// The filter that looks for it in a folder.
    pub(super) fn filter_discovered(&self, folder: &str) -> Result<String, Unfilled> {
        let context = json!({"kind": self.kind(), "path": format!("{folder}/{}", self.file())});
        template::fill("inbound/filter_discovered.yaml", context)
    }

    /// What such a filter finds there.
    pub(super) fn extension(&self, module: &str) -> Result<String, Unfilled> {
        let context =
            json!({"kind": self.kind(), "plugin_name": self.name(), "plugin": self.config(module)?});
        template::fill("inbound/extension.yaml", context)
    }

    fn config(&self, module: &str) -> Result<String, Unfilled> {
        let context =
            json!({"plugin_name": self.name(), "module": module, "configuration": self.configuration});
        template::fill("inbound/plugin.yaml", context)
    }

    /// As Envoy's names of the filters have it.
    fn kind(&self) -> &'static str {
        match self.of {
            Protocol::Http => "http",
            Protocol::Tcp => "network",
        }
    }
}

/// As the module takes a port: for HTTP, or for bytes.
fn of(port: &Port) -> Protocol {
    if port.protocol.is_http() {
        Protocol::Http
    } else {
        Protocol::Tcp
    }
}
