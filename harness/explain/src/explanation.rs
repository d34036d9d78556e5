//! A decision in full, for people and for programs.

use std::collections::BTreeSet;

use peerwarden_engine::Attribute;
use peerwarden_engine::Verdict;
use peerwarden_engine::reference::{Outcome, Trace};
use peerwarden_traffic::{Answer, Decided, DecidedBy};
use peerwarden_traffic::{ModuleFile, Traffic};

use crate::why::{Asked, Why};

/// What is explained.
pub enum Subject<'a> {
    /// Traffic of which all is known, and what the engines say.
    Traffic(&'a Traffic, &'a Answer),
    /// A line of an access log, as far as it tells what the verdict hangs on.
    Line(&'a Line, Known),
}

/// A line of an access log, in words.
#[derive(Debug, Clone)]
pub struct Line {
    /// What was asked, as far as the line tells.
    pub asked: String,
    /// Who the peer is, as far as it tells.
    pub peer: String,
    /// Why it did not come to the application, of what was not denied.
    pub unreached: Option<String>,
    /// Whether the line says that it was let in.
    pub let_in: bool,
    /// What would tell an attribute, such as an operator of Envoy's access logs; `None` where nothing does.
    pub telling: fn(&str) -> Option<String>,
}

/// What is known of the verdict on a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known {
    /// It is this whatever the line does not tell.
    Decided(Decided),
    /// It hangs on these.
    Hangs(BTreeSet<Attribute>),
}

/// One case with everything that is known of its decision.
pub struct Explained<'a> {
    /// What is explained.
    pub subject: Subject<'a>,
    /// Where the documents stand.
    pub asked: &'a Asked<'a>,
    /// What the reference evaluator saw.
    pub trace: &'a Trace,
    /// That the handshake refuses the peer before any policy is asked.
    pub refusal: Option<String>,
    /// What decided and what came closest to the other verdict; of a line whose verdict is unknown, to being allowed.
    pub why: Option<&'a Why>,
    /// The module that said the same, if it was asked.
    pub module: Option<&'a ModuleFile>,
}

impl Explained<'_> {
    /// The verdict; `None` where it is not known.
    pub fn decided(&self) -> Option<&Decided> {
        match &self.subject {
            Subject::Traffic(_, answer) => Some(&answer.decision),
            Subject::Line(_, Known::Decided(decided)) => Some(decided),
            Subject::Line(_, Known::Hangs(_)) => None,
        }
    }
}

/// What a trace comes to.
pub fn outcome(trace: &Trace) -> Answer {
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
