//! What rules mean, for tools that reason about all traffic at once rather than decide about one request.
//!
//! These are the validated forms that the compiled program is made of ([`Program::deny_rules`](crate::Program::deny_rules) and its
//! siblings hand them out): trust domains expanded, names resolved, each value with its meaning. What a pattern matches is said by its
//! documentation, and by the program that decides with it.

pub use crate::pattern::{
    Block, MetadataPattern, PathPattern, PeerPattern, Piece, RequestPrincipalPattern, Template, TextPattern,
};
pub use crate::policy::{ClaimPath, Clause, Rule, Set};
