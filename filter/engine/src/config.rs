//! The plugin's configuration: mesh, workload and documents.

pub(crate) mod json;
mod jwt;
mod lock;
mod open_connections;
mod paths;
mod protocol;
mod report;
mod tcp;

use crate::document::{At, BorrowedValue, Fields, Tree, Value, one_of};
use crate::mesh::Mesh;
use crate::problem::Problems;
use crate::provider::ExtensionProvider;
use crate::resource::{self, Resource};
use crate::workload::Workload;

pub use jwt::JwtMetadata;
pub use lock::Lock;
pub use open_connections::{OnChange, OpenConnections};
pub use paths::{Paths, is_dot_segment};
pub use protocol::Protocol;
pub use report::Report;
pub use tcp::{Enforcement, TcpEnforcement};

/// Help for an unknown key: a newer release may support it, which this one cannot know. A table in docs/guarantees.md
/// lists the first release that supports each key.
const NEWER: &str = " (a key of a later release needs the module of that release)";

/// The field with the documents.
pub(crate) const RESOURCES: &str = "resources";

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
    /// What happens to open connections that are no longer allowed.
    pub open_connections: OpenConnections,
    /// Which paths are established.
    pub paths: Paths,
    /// The mark for Envoy's own filters after the module.
    pub lock: Lock,
    /// Which decisions the access log reports.
    pub report: Report,
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
        let mut problems = Problems::default();
        let root = json::Root::read(json)?;
        let mut config = Self::settings(&root.settings, &mut problems);
        if let Some(at) = root.documents {
            let at_list = At::ROOT.name(RESOURCES);
            let mut tree = Tree::default();
            let mut index = 0;
            json::documents(json, at, |scanner| {
                tree.read_document(scanner)?;
                resource::collect(&tree, &at_list.index(index), &mut config.resources, &mut problems);
                index = index.saturating_add(1);
                Ok(())
            })?;
        }
        problems.into_result(Some(config))
    }

    /// Reads a configuration from a tree.
    ///
    /// # Errors
    /// As [`Config::parse`].
    pub fn read(value: &Value) -> Result<Self, Problems> {
        let documents = match value.get(RESOURCES) {
            Some(Value::List(documents)) => documents.as_slice(),
            _ => &[],
        };
        Self::of(value, documents.iter().map(Value::written))
    }

    /// Reads a configuration from trees: what it says beside its documents, and these one by one.
    ///
    /// # Errors
    /// As [`Config::parse`].
    pub fn of<'d>(
        settings: &Value,
        documents: impl IntoIterator<Item = BorrowedValue<'d>>,
    ) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        let mut config = Self::settings(settings, &mut problems);
        for (index, document) in documents.into_iter().enumerate() {
            config.document(index, &document, &mut problems);
        }
        problems.into_result(Some(config))
    }

    fn document(&mut self, index: usize, document: &BorrowedValue<'_>, problems: &mut Problems) {
        let at = At::ROOT.name(RESOURCES);
        resource::collect_into(document, &at.index(index), &mut self.resources, problems);
    }

    /// All but the documents.
    pub(crate) fn settings(value: &Value, problems: &mut Problems) -> Self {
        let at = &At::ROOT;
        let mut config = Self::default();
        let Some(mut fields) = Fields::of(value, at, problems) else {
            return config;
        };
        if let Some(value) = fields.take("mesh") {
            config.mesh = Mesh::read(value, &at.name("mesh"), problems).unwrap_or_default();
        }
        if let Some(value) = fields.take("workload") {
            config.workload = Workload::read(value, &at.name("workload"), problems);
        }
        fields.list(RESOURCES, problems);
        let at_providers = at.name("extensionProviders");
        let providers = fields.list("extensionProviders", problems).unwrap_or(&[]);
        for (index, value) in providers.iter().enumerate() {
            let provider = ExtensionProvider::read(value, &at_providers.index(index), problems);
            config.extension_providers.extend(provider);
        }
        ExtensionProvider::refuse_twins(&mut config.extension_providers);
        if let Some(text) = fields.text("protocol", problems) {
            config.protocol = Protocol::read(text, &at.name("protocol"), problems).unwrap_or_default();
        }
        if let Some(value) = fields.take("tcp") {
            config.tcp = TcpEnforcement::read(value, &at.name("tcp"), config.protocol, problems);
        }
        if let Some(value) = fields.take("lock") {
            config.lock = Lock::read(value, &at.name("lock"), config.protocol, problems);
        }
        config.open_connections = OpenConnections::of(config.protocol);
        if let Some(value) = fields.take("openConnections") {
            config
                .open_connections
                .read(value, &at.name("openConnections"), problems);
        }
        if let Some(word) = fields.text("paths", problems) {
            config.paths =
                one_of(word, "word", &Paths::WORDS, &at.name("paths"), problems).unwrap_or_default();
        }
        if let Some(word) = fields.text("report", problems) {
            let at = at.name("report");
            config.report = one_of(word, "word", &Report::WORDS, &at, problems).unwrap_or_default();
        }
        if let Some(value) = fields.take("jwt") {
            config.jwt = JwtMetadata::read(value, &at.name("jwt"), problems).unwrap_or_default();
        }
        fields.finish_with(NEWER, problems);
        config
    }
}
