//! The types that the JSON Schemas of policies are made from.
//!
//! What a document means, and whether it is accepted, is the engine's to say; `tests/conformance` compares the two.

mod paths;
pub mod policies;
mod policy;
mod provider;

pub use paths::Paths;
pub use provider::ExtensionProvider;
