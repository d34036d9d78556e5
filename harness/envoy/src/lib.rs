//! Envoy's configuration: written for a workload and its policies, or read to say what it guarantees.
//!
//! Neither files nor YAML are known here: what comes in is a tree of values with paths, as the engine reads its own
//! configuration, and every mistake in it is a [`peerwarden_engine::Problem`] with its path.
//!
//! - [`description`]: what a person says of a workload, beside its policies;
//! - [`guarantees`]: which guarantees of the module a configuration keeps, and which not;
//! - [`render`]: the configuration for it;
//! - [`yaml`]: a document written out again;
//! - [`template`]: texts of Envoy's configuration, with comments, into which values are filled;
//! - [`trust`]: the trust domains whose names a handshake lets in.

pub mod description;
pub mod guarantees;
mod json;
pub mod render;
pub mod template;
pub mod trust;
pub mod yaml;
