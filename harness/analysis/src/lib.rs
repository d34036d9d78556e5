//! Reasons about all traffic at once: what a set of policies allows, to whom, and what changes with another set.
//!
//! The crate knows no files, no YAML and no terminal. It reads compiled [`Program`]s and answers with sets of traffic, which it
//! describes in the words of the policies, each with a concrete request ([`Traffic`]) that an engine can evaluate.
//!
//! 1. [`Space::new`] collects what the programs test of each attribute, and splits the attribute's values into finitely many
//!    classes that the programs do not distinguish further, each with a sample value (`text` for strings, by automata;
//!    `space::address` for addresses);
//! 2. `diagram` holds sets of combinations of classes as decision diagrams, in which equal sets are the same node, and
//!    `space::encode` turns rules and programs into such sets: so "nothing changes" is proved, not sampled;
//! 3. [`Space::witness`] takes a request out of a set, [`Space::classes`] splits it for people.
//!
//! [`compare`] and [`rules::standing`] are the questions that need nothing else; every example that they return was evaluated by
//! the programs again.
//!
//! # What is proved, and for which traffic
//!
//! Every answer is exact, not an approximation, for this traffic:
//!
//! * **The peer** came in plaintext, over TLS without a certificate, with a certificate without a URI SAN, or with one of one name, in
//!   which no character is beyond ASCII: an X.509-SVID has exactly one. Where patterns on parts of names would make too many classes, the
//!   name has Istio's shape (`spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/SERVICE-ACCOUNT`), and [`Space::peers`] says so.
//! * **A request** has a method, a path that begins with `/` or is `*`, and one authority or none, as Envoy lets in no other; neither has
//!   a line break or NUL. Path and `request.headers[:path]`, host and `request.headers[:authority]` are two readings of one text;
//!   `:scheme` says whether there is TLS. An authority that is not a host is one class.
//! * **Headers** have any number of lines, each without white space around it; **claims** and **dynamic metadata** are a text or a list of texts, any number of them, or
//!   nothing that counts. `iss` and `sub` are the same whether `requestPrincipals` or `request.auth.claims` ask for them; a claim that is
//!   a text has no claims inside.
//! * **Tokens** are of the issuers and audiences that the workload's `RequestAuthentication`s accept, if any applies; with another one, the
//!   filter ahead refuses the request. A request has one token at most.
//! * **Addresses** are any, IPv4-mapped ones being IPv4; **ports** are any.
//! * **External authorizers** may answer anything, and give to the same request the same answer whatever asks; what they add to the request
//!   is not considered.
//!
//! Attributes that are present but not established are considered only in these cases: certificates without a URI SAN, authorities that
//! are not hosts, methods in lower case, server names with a trailing dot, and paths that `paths: strict` does not establish.
//! Attributes that the proxy does not know (`Lookup::Unavailable`) are not considered: the engine then denies whatever could deny,
//! by the same rules. Dry-run and AUDIT policies change no verdict, and so change nothing here.
//!
//! If that would be too much work, the result is an error ([`LimitExceeded`]), never a partial answer.
//!
//! [`Program`]: peerwarden_engine::Program
//! [`Traffic`]: peerwarden_engine::Traffic
#![forbid(unsafe_code)]

mod attribute;
mod compare;
mod describe;
mod diagram;
mod label;
mod predicate;
mod region;
pub mod rules;
mod space;
mod text;
mod workloads;

use peerwarden_engine::Traffic;

pub use attribute::Attribute;
pub use compare::{Comparison, compare, is_same};
pub use describe::{Pattern, Term, Values};
pub use label::{Label, trust_domain};
pub use region::{Classes, TrafficClass};
pub use space::{Peers, Space, TrafficSet};
pub use workloads::{Namespaces, WorkloadClass, workloads};

/// A limit of the analysis was exceeded: there is no answer, rather than a partial one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LimitExceeded {
    /// The values of one attribute have too many classes.
    #[error("the policies distinguish more than {limit} classes of `{attribute}`")]
    Classes {
        /// The attribute.
        attribute: Attribute,
        /// The limit.
        limit: usize,
    },
    /// Too many workloads.
    #[error("the selectors distinguish more than {limit} workloads")]
    Workloads {
        /// The limit.
        limit: usize,
    },
    /// Too many kinds of callers.
    #[error("the policies distinguish more than {limit} kinds of callers")]
    Callers {
        /// The limit.
        limit: usize,
    },
    /// The diagram of their combinations has too many nodes.
    #[error("the policies combine attributes in so many ways that their diagram has more than {limit} nodes")]
    Diagram {
        /// The limit.
        limit: usize,
    },
}

/// A program disagrees with the analysis: a bug in this crate.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("the analysis is wrong about this: {traffic:?} is {}", if *.allowed { "allowed" } else { "denied" })]
pub struct Disagreement {
    /// The traffic that the program evaluated.
    pub traffic: Box<Traffic>,
    /// The program's verdict.
    pub allowed: bool,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum AnalysisError {
    /// A limit was exceeded.
    #[error(transparent)]
    LimitExceeded(LimitExceeded),
    /// The analysis is wrong.
    #[error(transparent)]
    Disagreement(Disagreement),
}
