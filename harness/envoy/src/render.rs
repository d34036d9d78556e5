//! Envoy's configuration for a workload and its policies, complete and commented.

mod assembly;
mod bootstrap;
pub mod client;
mod cluster;
pub mod inbound;
pub mod ingress;
mod lock;
mod plugin;
pub mod probes;
mod refused;
mod transport;

use peerwarden_engine::Fingerprint;

/// A file of a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its name, in the folder of the configuration.
    pub name: String,
    /// What is in it: YAML with comments.
    pub text: String,
    /// Of a file with one configuration of the module: its number, which the module shows in a gauge once it decides by it.
    pub configuration: Option<Fingerprint>,
}
