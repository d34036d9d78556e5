//! A decision in full, for people and for programs.

pub(crate) mod human;
pub(crate) mod json;

use peerwarden_engine::Verdict;
use peerwarden_engine::reference::{Outcome, Trace};

use crate::engine::{Answer, Decided, DecidedBy};
use crate::module::Shipped;
use crate::traffic::Traffic;

/// One case with everything that is known of its decision.
pub(crate) struct Explained<'a> {
    pub(crate) traffic: &'a Traffic,
    /// What the reference evaluator saw.
    pub(crate) trace: &'a Trace,
    /// What the engines say.
    pub(crate) answer: &'a Answer,
    pub(crate) module: Option<&'a Shipped>,
}

impl Explained<'_> {
    /// Whether the trace comes to what the engines say.
    pub(crate) fn agrees(&self) -> bool {
        outcome(self.trace) == *self.answer
    }
}

/// What a trace comes to.
pub(crate) fn outcome(trace: &Trace) -> Answer {
    let decided = |outcome: &Outcome| Decided {
        allowed: outcome.verdict == Verdict::Allow,
        by: outcome.by.as_ref().map(DecidedBy::from),
        reason: outcome.reason,
    };
    Answer {
        decision: decided(&trace.outcome),
        shadow: trace.shadow.as_ref().map(decided),
        audited: trace.audited.as_ref().map(DecidedBy::from),
    }
}
