//! Generates Envoy's configuration for a workload and its policies, complete and commented.

mod assembly;
mod bootstrap;
pub mod client;
mod cluster;
pub mod inbound;
pub mod ingress;
mod lock;
mod plugin;
pub mod probes;
mod refusal_log;
mod tokens;
mod transport;

use peerwarden_engine::Fingerprint;

/// A file of a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its name in the folder of the configuration.
    pub name: String,
    /// Its contents: YAML with comments.
    pub text: String,
    /// For a file with one configuration of the module: its fingerprint, which the module shows in a gauge once it is in use.
    pub configuration: Option<Fingerprint>,
}
