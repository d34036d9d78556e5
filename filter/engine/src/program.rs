//! The compiled form: the rules of one workload for one protocol, arranged for evaluation.
//!
//! What a rule *means* is in `policy`, `pattern` and `evaluate`; how it is *found* among the others is in `index`,
//! which only narrows.

mod actions;
mod answers;
mod bounds;
mod compile;
mod custom;
mod decide;
mod evaluate;
mod index;
mod inspect;
mod modes;
mod near_miss;
mod rules;
mod truth;

pub use bounds::{Bounds, OpenDecision};
pub use custom::CustomRules;
pub use decide::{Question, Step};
pub use near_miss::NearMiss;

use actions::Actions;
use modes::Modes;
use rules::Rules;

use crate::config::{Paths, Protocol};

/// Everything that decides for one workload on one protocol.
#[derive(Debug, Clone)]
pub struct Program {
    protocol: Protocol,
    paths: Paths,
    modes: Modes,
    /// In the order in which their providers are asked; empty if there are no CUSTOM rules.
    custom: Vec<CustomRules>,
    enforced: Actions,
    /// What would be enforced if the dry-run policies were; `None` when there are none.
    shadow: Option<Actions>,
    audit: Rules,
    /// The tokens that the filter ahead lets pass: for tools, and without effect here.
    accepted_tokens: Option<Vec<AcceptedToken>>,
}

/// Tokens that a rule of a `RequestAuthentication` lets pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceptedToken {
    /// Their issuer; empty for any issuer that no other rule names.
    pub issuer: String,
    /// The audiences, one of which a token must have; empty for any.
    pub audiences: Vec<String>,
}
