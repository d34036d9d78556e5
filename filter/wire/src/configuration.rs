//! The plugin's configuration, in either of the forms in which Envoy hands it over.

use peerwarden_engine::document::At;
use peerwarden_engine::{Config, LoadedConfiguration, Loader, Problem, Problems, Workload, limits};

use crate::protobuf;

/// The field with the documents.
const RESOURCES: &str = "resources";

/// How deep a `Struct` may nest: protobuf's own limit.
const STRUCT_DEPTH: usize = 100;

/// A configuration whose documents are not read yet.
#[derive(Debug)]
pub struct Reading {
    loader: Loader,
    is_struct: bool,
}

impl Reading {
    /// Reads what a configuration says beside its documents. It is JSON text, or the bytes of a `google.protobuf.Struct`, which Envoy (1.40
    /// for one) hands over as they are although it documents JSON. No bytes are both: every field of a `Struct` has a 0x12, JSON has none.
    /// `workload_of_node` says which workload this is where the configuration does not.
    ///
    /// # Errors
    /// That it is neither, or too large.
    pub fn begin(bytes: &[u8], workload_of_node: fn() -> Option<Workload>) -> Result<Self, Problems> {
        let of_json = Loader::of_json(bytes);
        let of_json = of_json.map(|loader| (loader, false));
        let begun = of_json.or_else(|problems| {
            let is_struct = !bytes.is_empty() && bytes.len() <= limits::CONFIGURATION_BYTES;
            let settings = is_struct.then(|| protobuf::object_beside(bytes, RESOURCES, STRUCT_DEPTH));
            match settings.flatten() {
                Some(settings) => Ok((Loader::new(&settings), true)),
                None => Err(problems),
            }
        });
        begun.map(|(mut loader, is_struct)| {
            loader.workload_or(workload_of_node);
            Self { loader, is_struct }
        })
    }

    /// What it says.
    pub fn config(&self) -> &Config {
        self.loader.config()
    }

    /// Bytes of memory that it takes at the most, if it has so many bytes itself.
    pub fn memory(&self, bytes: usize) -> usize {
        let aliases = self.config().mesh.trust_domain_aliases.len();
        limits::memory(bytes, aliases.saturating_add(1))
    }

    /// Reads the documents of the bytes that it began with.
    ///
    /// # Errors
    /// Everything that is wrong with the configuration, each with its path from its root.
    pub fn finish(self, bytes: &[u8]) -> Result<LoadedConfiguration, Problems> {
        let mut loader = self.loader;
        if !self.is_struct {
            loader.add_json(bytes)?;
            return loader.finish();
        }
        match protobuf::entries(bytes, RESOURCES, STRUCT_DEPTH, |document| loader.add(document)) {
            Some(()) => loader.finish(),
            None => {
                let what = "the documents cannot be read: Envoy's data is truncated or nested too deeply";
                let problem = Problem::new(&At::ROOT.name(RESOURCES), what);
                Err(problem
                    .help("write the configuration as JSON text in a `StringValue`")
                    .into())
            }
        }
    }
}

/// Reads all of a configuration.
///
/// # Errors
/// Everything that is wrong with it, each with its path from its root.
pub fn read(
    bytes: &[u8],
    workload_of_node: fn() -> Option<Workload>,
) -> Result<LoadedConfiguration, Problems> {
    Reading::begin(bytes, workload_of_node)?.finish(bytes)
}
