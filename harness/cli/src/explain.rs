//! A decision in full, for people and for programs.

mod excerpt;
pub(crate) mod human;
pub(crate) mod json;
mod words;

use std::collections::BTreeSet;

use peerwarden_engine::Attribute;
use peerwarden_engine::Verdict;
use peerwarden_engine::reference::{Outcome, Trace};

use crate::access_log::Entry;
use crate::engine::{Answer, Decided, DecidedBy};
use crate::module::Shipped;
use crate::traffic::Traffic;
use crate::why::{Asked, Why};

/// What is explained.
pub(crate) enum Subject<'a> {
    /// Traffic of which all is known, and what the engines say.
    Traffic(&'a Traffic, &'a Answer),
    /// A line of an access log, as far as it tells what the verdict hangs on.
    Line(&'a Entry, Known),
}

/// What is known of the verdict on a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Known {
    /// It is this whatever the line does not tell.
    Decided(Decided),
    /// It hangs on these.
    Hangs(BTreeSet<Attribute>),
}

/// One case with everything that is known of its decision.
pub(crate) struct Explained<'a> {
    pub(crate) subject: Subject<'a>,
    /// Where the documents stand.
    pub(crate) asked: &'a Asked<'a>,
    /// What the reference evaluator saw.
    pub(crate) trace: &'a Trace,
    /// That the handshake refuses the peer before any policy is asked.
    pub(crate) refusal: Option<String>,
    /// What decided and what came closest to the other verdict; of a line whose verdict is unknown, to being allowed.
    pub(crate) why: Option<&'a Why>,
    pub(crate) module: Option<&'a Shipped>,
}

impl Explained<'_> {
    /// The verdict; `None` where it is not known.
    pub(crate) fn decided(&self) -> Option<&Decided> {
        match &self.subject {
            Subject::Traffic(_, answer) => Some(&answer.decision),
            Subject::Line(_, Known::Decided(decided)) => Some(decided),
            Subject::Line(_, Known::Hangs(_)) => None,
        }
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
