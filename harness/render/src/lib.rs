//! Envoy's configuration: generated for a workload and its policies, or checked for what it guarantees.
//!
//! The crate reads neither files nor YAML: its input is a tree of values with paths, as the engine reads its own configuration, and
//! every mistake in it is a [`peerwarden_engine::Problem`] with its path.
//!
//! - [`description`]: the description of a workload that a person writes beside its policies;
//! - [`guarantees`]: which guarantees of the module a configuration keeps;
//! - [`render`]: generates the configuration;
//! - [`yaml`]: writes a document as YAML;
//! - [`template`]: texts of Envoy's configuration, with comments, into which values are filled;
//! - [`trust`]: the trust domains that a handshake accepts.

pub mod description;
pub mod guarantees;
mod json;
pub mod render;
mod spellings;
pub mod template;
pub mod trust;
pub mod yaml;
