//! Generates Envoy's configuration for a workload and its policies, complete and commented.
//!
//! The crate reads neither files nor YAML: its input is a tree of values with paths, as the engine reads its own configuration, and
//! every mistake in it is a [`peerwarden_engine::Problem`] with its path.
//!
//! - [`description`]: the description of a workload that a person writes beside its policies;
//! - [`inbound`], [`ingress`], [`client`], [`probes`]: one target each, from a description to files;
//! - [`template`]: texts of Envoy's configuration, with comments, into which values are filled;
//! - [`trust`]: the trust domains that a handshake accepts;
//! - [`spellings`]: the names that an application may confuse with a header's;
//! - [`yaml`]: writes a document as YAML.

mod assembly;
mod bootstrap;
pub mod client;
mod cluster;
pub mod description;
pub mod inbound;
pub mod ingress;
mod json;
mod lock;
mod plugin;
pub mod probes;
mod refusal_log;
pub mod spellings;
pub mod template;
mod tokens;
mod transport;
pub mod trust;
pub mod yaml;

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
