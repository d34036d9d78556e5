//! The module that ships, in a simulated Envoy, and the native engine: the only crate that uses wasmtime.
//!
//! [`Choice::Wasm`] runs the module, [`Choice::Native`] the same engine compiled for this machine, [`Choice::Both`]
//! both: a disagreement is an internal error that shows the two answers.

mod module;
mod pair;
mod simulated_traffic;
mod wasm;

pub use module::{Cache, ModuleError, ShippedModule};
pub use pair::{Choice, EngineFactory, EnginePair};
pub use peerwarden_host::Module;
