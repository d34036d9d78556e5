//! The types from which the JSON Schemas of policies are generated.
//!
//! The engine decides what a document means and whether it is accepted; `tests/conformance` compares the two.

mod paths;
pub mod policies;
mod policy;
mod provider;

pub use paths::Paths;
pub use provider::ExtensionProvider;
