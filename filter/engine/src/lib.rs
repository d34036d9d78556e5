//! Decides who may do what, by Istio's authorization documents and the peer's identity in the mTLS handshake.
//!
//! The engine knows neither Envoy nor files nor YAML. Its caller gives it documents and attributes:
//!
//! 1. [`Config::parse`] reads the documents as Kubernetes writes them (`resource`), and refuses unknown fields;
//! 2. [`Program::compile`] selects those that apply to the workload, gives each value its meaning (`policy`),
//!    and arranges them for evaluation (`program`);
//! 3. [`Program::begin`] pulls attributes from an [`AttributeSource`], only those that the outcome still depends on,
//!    and returns a [`Judgement`], or the [`Question`] that an external authorizer must answer first
//!    ([`Program::answered`]). It cannot fail.
//!
//! [`reference::explain`] implements the same rules straight from the specification. It is slow, independent of the
//! compiled form, and returns the full trace. Property tests compare the two.
//!
//! ```
//! use peerwarden_engine::{Config, Program, Traffic, Verdict};
//!
//! let config = Config::parse(br#"{
//!     "workload": {"namespace": "shop", "labels": {"app": "orders"}},
//!     "resources": [{
//!         "apiVersion": "security.istio.io/v1", "kind": "AuthorizationPolicy",
//!         "metadata": {"name": "frontend", "namespace": "shop"},
//!         "spec": {"rules": [{"from": [{"source": {"principals": ["cluster.local/ns/web/sa/frontend"]}}]}]}
//!     }]
//! }"#)?;
//! let program = Program::compile(&config)?;
//!
//! let stranger = Traffic::default();
//! assert_eq!(program.judge(&stranger, &stranger).decision.verdict, Verdict::Deny);
//!
//! let frontend = Traffic::from_peer("spiffe://cluster.local/ns/web/sa/frontend");
//! let decision = program.judge(&frontend, &frontend).decision;
//! assert_eq!(decision.verdict, Verdict::Allow);
//! assert_eq!(decision.by.map(|by| by.to_string()).as_deref(), Some("ns[shop]-policy[frontend]-rule[0]"));
//! # Ok::<(), peerwarden_engine::Problems>(())
//! ```
#![forbid(unsafe_code)]
#![deny(missing_docs)]
#![cfg_attr(
    not(test),
    deny(
        // An authorizer that panics is an outage, or worse: nothing here may.
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::unreachable,
        clippy::indexing_slicing,
        clippy::string_slice,
        clippy::arithmetic_side_effects,
        // A number cut short is a wrong port or a wrong rule.
        clippy::as_conversions
    )
)]

mod at;
mod attribute;
mod bytes;
mod config;
mod decision;
pub mod document;
mod few;
mod fingerprint;
mod framing;
mod host_name;
mod identity;
pub mod limits;
mod loader;
pub mod meaning;
mod mesh;
mod path;
mod pattern;
mod policy;
mod problem;
mod program;
mod provider;
pub mod reference;
pub mod resource;
mod select;
mod traffic;
mod workload;

pub use attribute::{Attribute, AttributeSource, Lines, Lookup};
pub use bytes::field_value;
pub use config::{
    Config, Enforcement, JwtMetadata, Lock, OnChange, OpenConnections, Paths, Protocol, Report,
    TcpEnforcement, is_dot_segment,
};
pub use decision::{Decision, Judgement, Kind, Reason, RuleId, Verdict};
pub use fingerprint::{Fingerprint, checksum};
pub use framing::{FRAMING, is_framing};
pub use host_name::is_host;
pub use identity::{Peer, SpiffeId, SpiffeIdError, TrustDomain};
pub use loader::{LoadedConfiguration, Loader};
pub use mesh::Mesh;
pub use policy::plain_keys;
pub use problem::{Problem, ProblemKind, Problems};
pub use program::{AcceptedToken, Bounds, CustomRules, NearMiss, OpenDecision, Program, Question, Step};
pub use provider::{
    Authorizer, AuthorizerService, ExtensionProvider, ExternalAnswer, ExternalAuthorizers, HeaderPattern,
    HttpAuthorizer,
};
pub use select::TokenRule;
pub use traffic::Traffic;
pub use workload::{GATEWAY_NAME, Service, ServiceKind, Workload, WorkloadKind};
