//! The plugin's configuration: mesh, workload, documents.

mod jwt;
mod open_connections;
mod protocol;
mod tcp;

use crate::document::{At, Fields, Value};
use crate::limits;
use crate::mesh::Mesh;
use crate::problem::{Problem, Problems};
use crate::provider::ExtensionProvider;
use crate::resource::{self, Resource};
use crate::workload::Workload;

pub use jwt::JwtMetadata;
pub use open_connections::{OnChange, OpenConnections};
pub use protocol::Protocol;
pub use tcp::{Enforcement, TcpEnforcement};

/// A configuration as it was written, its structure checked.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// What the mesh says; Istio's defaults where it is silent.
    pub mesh: Mesh,
    /// The workload; `None` leaves it to the caller to find out.
    pub workload: Option<Workload>,
    /// The documents, of the whole mesh or of this workload alone.
    pub resources: Vec<Resource>,
    /// Which filter chain this is for.
    pub protocol: Protocol,
    /// When a connection is decided; for TCP only.
    pub tcp: TcpEnforcement,
    /// What becomes of what is open when it is no longer allowed.
    pub open_connections: OpenConnections,
    /// Where the payload of a verified token is found.
    pub jwt: JwtMetadata,
    /// The external authorizers that CUSTOM policies name.
    pub extension_providers: Vec<ExtensionProvider>,
}

impl Config {
    /// Reads a configuration from JSON.
    ///
    /// # Errors
    /// Everything that is wrong with its structure, each with its path from the configuration's root.
    pub fn parse(json: &[u8]) -> Result<Self, Problems> {
        if json.len() > limits::CONFIGURATION_BYTES {
            let message = format!(
                "the configuration has {} bytes, more than the {} that are read",
                json.len(),
                limits::CONFIGURATION_BYTES
            );
            return Err(Problem::new(&At::ROOT, message)
                .help("give the policies of this workload only")
                .into());
        }
        let value: Value = serde_json::from_slice(json).map_err(|error| {
            Problem::new(&At::ROOT, format!("the configuration is not valid JSON: {error}"))
                .help("give an object such as `{\"workload\": { … }, \"resources\": [ … ]}`")
        })?;
        Self::read(&value)
    }

    /// Reads a configuration from a tree.
    ///
    /// # Errors
    /// As [`Config::parse`].
    pub fn read(value: &Value) -> Result<Self, Problems> {
        let at = &At::ROOT;
        let mut problems = Problems::default();
        let mut config = Self::default();
        let Some(mut fields) = Fields::of(value, at, &mut problems) else {
            return Err(problems);
        };
        if let Some(value) = fields.take("mesh") {
            config.mesh = Mesh::read(value, &at.name("mesh"), &mut problems).unwrap_or_default();
        }
        if let Some(value) = fields.take("workload") {
            config.workload = Workload::read(value, &at.name("workload"), &mut problems);
        }
        let at_resources = at.name("resources");
        for (index, value) in fields
            .list("resources", &mut problems)
            .unwrap_or(&[])
            .iter()
            .enumerate()
        {
            resource::read_into(
                value,
                &at_resources.index(index),
                &mut config.resources,
                &mut problems,
            );
        }
        let at_providers = at.name("extensionProviders");
        let providers = fields.list("extensionProviders", &mut problems).unwrap_or(&[]);
        for (index, value) in providers.iter().enumerate() {
            let provider = ExtensionProvider::read(value, &at_providers.index(index), &mut problems);
            config.extension_providers.extend(provider);
        }
        ExtensionProvider::refuse_twins(&mut config.extension_providers);
        if let Some(text) = fields.text("protocol", &mut problems) {
            config.protocol = Protocol::read(text, &at.name("protocol"), &mut problems).unwrap_or_default();
        }
        if let Some(value) = fields.take("tcp") {
            config.tcp = TcpEnforcement::read(value, &at.name("tcp"), config.protocol, &mut problems);
        }
        if let Some(value) = fields.take("openConnections") {
            config.open_connections =
                OpenConnections::read(value, &at.name("openConnections"), &mut problems);
        }
        if let Some(value) = fields.take("jwt") {
            config.jwt = JwtMetadata::read(value, &at.name("jwt"), &mut problems).unwrap_or_default();
        }
        fields.finish(&mut problems);
        problems.into_result(Some(config))
    }
}
