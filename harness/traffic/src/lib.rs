//! Traffic, as suites, `eval`, `explain` and `replay` describe it, and the decision on it.
//!
//! [`Traffic`] is the same vocabulary for all of them. An [`Engine`] decides on it: [`NativeEngines`] creates the
//! engine compiled for this machine; `peerwarden-engines` has the module that ships. [`handshake`] has the peers that
//! mutual TLS refuses before any policy is evaluated.

mod answer;
mod deserialize;
mod engine;
mod expected_rule;
pub mod handshake;
pub mod line;
mod native;
mod token_filter;
mod traffic;
mod witness;
pub mod words;

pub use answer::{Answer, Decision, RuleRef};
pub use deserialize::{address, object, optional_object, or_default, required_object};
pub use engine::{
    ConfigurationError, Engine, EngineFailure, Engines, ModuleFile, NativeEngine, NativeEngines,
};
pub use expected_rule::ExpectedRule;
pub use native::value as engine_value;
pub use token_filter::{AdmittedRequest, RefusedToken, TokenFilter, TokenResult};
pub use traffic::{
    AuthorizerAnswer, Endpoint, HeaderLines, Http, ImpossibleTraffic, Jwt, Peer, Protocol, SignedToken, Tls,
    Token, Traffic,
};
