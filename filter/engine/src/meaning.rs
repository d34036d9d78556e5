//! The meaning of rules, for tools that reason about all traffic rather than decide about one request.
//!
//! These are the validated forms that the compiled program is made of
//! ([`Program::deny_rules`](crate::Program::deny_rules) and its siblings return them): trust domains are expanded,
//! names resolved, values interpreted. What a pattern matches is defined by its documentation, and by the program that
//! decides with it.

pub use crate::few::Few;
pub use crate::pattern::{
    Block, MetadataPattern, PathPattern, PeerPattern, Piece, RequestPrincipalPattern, Template, TextPattern,
};
pub use crate::policy::{ClaimPath, Clause, Rule, Set};
