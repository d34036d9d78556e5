//! The plugin's configuration, in either of the forms in which Envoy provides it.

use peerwarden_engine::document::At;
use peerwarden_engine::{Config, LoadedConfiguration, Loader, Problem, Problems, Workload, limits};

use crate::protobuf;

/// The field with the documents.
const RESOURCES: &str = "resources";

/// The deepest nesting of a `Struct`: protobuf's own limit.
const STRUCT_DEPTH: usize = 100;

/// A configuration whose documents are not parsed yet.
#[derive(Debug)]
pub struct Reading {
    loader: Loader,
    is_struct: bool,
}

impl Reading {
    /// Reads the settings of a configuration, without its documents. It is JSON text, or the bytes of a
    /// `google.protobuf.Struct`, which Envoy (for example 1.40) passes on unchanged although it documents JSON. No
    /// bytes are both: every field of a `Struct` has a 0x12, JSON has none. `workload_of_node` provides the workload if
    /// the configuration has none.
    ///
    /// # Errors
    ///
    /// If it is neither, or too large.
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

    /// The settings.
    pub fn config(&self) -> &Config {
        self.loader.config()
    }

    /// The largest amount of memory for finishing it, given its own length in bytes.
    pub fn memory(&self, bytes: usize) -> usize {
        let aliases = self.config().mesh.trust_domain_aliases.len();
        limits::memory(bytes, aliases.saturating_add(1))
    }

    /// Parses the documents from the original bytes.
    ///
    /// # Errors
    ///
    /// If the configuration is invalid; all mistakes are reported, each with its path from the root.
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

/// Parses a whole configuration.
///
/// # Errors
///
/// If it is invalid; all mistakes are reported, each with its path from the root.
pub fn read(
    bytes: &[u8],
    workload_of_node: fn() -> Option<Workload>,
) -> Result<LoadedConfiguration, Problems> {
    Reading::begin(bytes, workload_of_node)?.finish(bytes)
}
