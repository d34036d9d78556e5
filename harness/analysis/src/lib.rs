//! Reasons about all traffic at once: what a set of policies allows, whom, and what another set changes in that.
//!
//! It knows no files, no YAML and no terminal: it reads compiled [`Program`]s and answers with sets of traffic, which it describes in
//! the words of the policies, each with a concrete request ([`Traffic`]) to be put to whatever decides for real.
//!
//! 1. [`Space::new`] takes what the programs ask of each attribute, and splits the attribute's values into finitely many classes that
//!    the programs cannot tell apart further, each with one value of it (`text` for strings, by automata; `space::address` for
//!    addresses);
//! 2. `diagram` holds sets of their combinations as decision diagrams, in which two equal sets are the same node, and `space::encode`
//!    turns rules and programs into such sets: so "nothing changes" is not sampled but proved;
//! 3. [`Space::witness`] takes a request out of a set, [`Space::classes`] splits it for people.
//!
//! [`compare`] and [`rules::standing`] are the questions that need nothing else; whatever they show was put to the programs again.
//!
//! # What is proved, and of which traffic
//!
//! Every answer is exact, and not an approximation, for this traffic:
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
//! * **Addresses** are any, IPv4-mapped ones being IPv4; **ports** are any.
//! * **External authorizers** may answer anything, and give to the same request the same answer whatever asks; what they add to the request
//!   is not considered.
//!
//! Of what is not established only certificates without a URI SAN, authorities that are not hosts, methods in small letters, server names with a dot at the end, and paths
//! that `paths: strict` does not establish are considered. What the proxy does
//! not know (`Lookup::Unavailable`) is not: the engine then denies whatever that could deny, by the same rules. Dry-run and AUDIT policies change no verdict, and so nothing here.
//!
//! Where that would be too much to work through, there is an error ([`Beyond`]) and no answer.
//!
//! [`Program`]: peerwarden_engine::Program
//! [`Traffic`]: peerwarden_engine::Traffic
#![forbid(unsafe_code)]

mod asked;
mod attribute;
mod compare;
mod describe;
mod diagram;
mod region;
pub mod rules;
mod space;
mod text;
mod workloads;

use peerwarden_engine::Traffic;

pub use attribute::Attribute;
pub use compare::{Comparison, compare, is_same};
pub use describe::{Pattern, Term, Values};
pub use region::{Classes, TrafficClass};
pub use space::{Peers, Space, Traffics};
pub use workloads::{WorkloadClass, workloads};

/// What is too much to work through: there is no answer then, rather than half of one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Beyond {
    /// The values of one attribute.
    #[error("the policies tell apart more than {limit} classes of `{attribute}`")]
    Classes {
        /// Of what.
        attribute: Attribute,
        /// As many as are worked through.
        limit: usize,
    },
    /// Workloads.
    #[error("the selectors tell apart more than {limit} workloads")]
    Workloads {
        /// As many as are worked through.
        limit: usize,
    },
    /// Kinds of callers.
    #[error("the policies tell apart more than {limit} kinds of callers")]
    Callers {
        /// As many as are shown.
        limit: usize,
    },
    /// Their combinations.
    #[error("the policies combine attributes in so many ways that their diagram has more than {limit} nodes")]
    Diagram {
        /// As many as are worked through.
        limit: usize,
    },
}

/// That a program decides otherwise than was worked out: an error of this crate.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("the analysis is wrong about this: {traffic:?} is {}", if *.allowed { "allowed" } else { "denied" })]
pub struct Disagrees {
    /// What was put to the program.
    pub traffic: Box<Traffic>,
    /// What it said.
    pub allowed: bool,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Unanswered {
    /// There is too much to work through.
    #[error(transparent)]
    Beyond(Beyond),
    /// The analysis is wrong.
    #[error(transparent)]
    Disagrees(Disagrees),
}
