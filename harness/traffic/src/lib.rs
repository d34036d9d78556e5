//! Traffic, as suites, `eval`, `explain` and `replay` describe it, and what is decided for it.
//!
//! [`Traffic`] is one vocabulary for all of them. An [`Engine`] answers what is decided for it: [`Native`] is the engine compiled for
//! this machine; `peerwarden-engines` has the module that ships. [`handshake`] says whom mutual TLS refuses before any policy is asked.

mod answer;
mod engine;
mod expected;
pub mod handshake;
pub mod line;
mod native;
mod read;
mod traffic;
mod witness;

pub use answer::{Answer, Decided, DecidedBy};
pub use engine::{Broken, Engine, Engines, ModuleFile, Native, NativeEngine, Refused};
pub use expected::ExpectedBy;
pub use native::value as metadata_value;
pub use read::{address, object, optional_object, or_default, required_object};
pub use traffic::{AuthorizerAnswer, Endpoint, Http, Impossible, Jwt, Lines, Peer, Protocol, Tls, Traffic};
