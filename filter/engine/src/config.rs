//! The plugin's configuration: mesh, workload, documents.

use crate::document::{At, Fields, Value, nearest, quoted};
use crate::limits;
use crate::mesh::Mesh;
use crate::problem::{Problem, Problems};
use crate::provider::ExtensionProvider;
use crate::resource::{self, Resource};
use crate::workload::Workload;

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
    /// Where the payload of a verified token is found.
    pub jwt: JwtMetadata,
    /// The external authorizers that CUSTOM policies name.
    pub extension_providers: Vec<ExtensionProvider>,
}

/// Where Envoy's `jwt_authn` filter leaves the payload of the token that it verified: dynamic metadata of a filter, under the
/// key that its `payload_in_metadata` says
/// (<https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/http/jwt_authn/v3/config.proto>).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JwtMetadata {
    /// The filter's name, the metadata's namespace.
    pub filter: String,
    /// The key in it.
    pub key: String,
}

impl Default for JwtMetadata {
    /// As Istio configures it.
    fn default() -> Self {
        Self {
            filter: "envoy.filters.http.jwt_authn".to_owned(),
            key: "payload".to_owned(),
        }
    }
}

impl JwtMetadata {
    fn read(value: &Value, at: &At<'_>, problems: &mut Problems) -> Option<Self> {
        let mut fields = Fields::of(value, at, problems)?;
        let mut read = Self::default();
        for (name, place) in [("filter", &mut read.filter), ("key", &mut read.key)] {
            if let Some(text) = fields.text(name, problems) {
                text.clone_into(place);
            }
            if place.is_empty() {
                let problem = Problem::new(&at.name(name), format!("`{name}` is empty"));
                problems.push(problem.help("leave it out for Istio's default"));
            }
        }
        fields.finish(problems);
        Some(read)
    }
}

/// What a connection carries, as far as this filter chain reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Protocol {
    /// HTTP of any version: one decision for each request.
    #[default]
    Http,
    /// Bytes: one decision for each connection.
    Tcp,
}

impl Protocol {
    /// As the configuration writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Protocol::Http => "http",
            Protocol::Tcp => "tcp",
        }
    }

    fn read(text: &str, at: &At<'_>, problems: &mut Problems) -> Option<Self> {
        match text {
            "http" => Some(Self::Http),
            "tcp" => Some(Self::Tcp),
            other => {
                let known = ["http", "tcp"];
                let problem = Problem::new(at, format!("unknown protocol `{other}`"));
                problems.push(match nearest(other, known) {
                    Some(name) => problem.help(format!("did you mean `{name}`?")),
                    None => problem.help(format!("known protocols: {}", quoted(&known))),
                });
                None
            }
        }
    }
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
        if let Some(value) = fields.take("jwt") {
            config.jwt = JwtMetadata::read(value, &at.name("jwt"), &mut problems).unwrap_or_default();
        }
        fields.finish(&mut problems);
        problems.into_result(Some(config))
    }
}
