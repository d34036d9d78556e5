//! The full explanation of a decision, for people and for programs.

use std::collections::BTreeSet;

use peerwarden_engine::Attribute;
use peerwarden_engine::Verdict;
use peerwarden_engine::reference::{Outcome, Trace};
use peerwarden_traffic::{Answer, Decision, RuleRef};
use peerwarden_traffic::{ModuleFile, Traffic};

use crate::diagnosis::{Diagnosis, Explainer};

/// The subject of an explanation.
pub enum Subject<'a> {
    /// Traffic that is known completely, and the engines' answer.
    Traffic(&'a Traffic, &'a Answer),
    /// A line of an access log, and the verdict as far as the line determines it.
    Line(&'a AccessLogLine, LineVerdict),
}

/// A line of an access log, in words.
#[derive(Debug, Clone)]
pub struct AccessLogLine {
    /// The request, as far as the line shows it.
    pub asked: String,
    /// The peer, as far as the line shows it.
    pub peer: String,
    /// Why the request did not reach the application although it was not denied.
    pub unreached: Option<String>,
    /// The outcome in the line; `None` if the line does not show it.
    pub logged: Option<LoggedOutcome>,
    /// The operator of Envoy's access logs that would show an attribute; `None` if there is none.
    pub telling: fn(&str) -> Option<String>,
}

/// The outcome of a request or a connection, according to a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoggedOutcome {
    /// It was allowed.
    Allowed,
    /// It was denied: by this rule, `none` if no rule matched, or for this reason.
    Denied(String),
}

/// The verdict on a line of an access log, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LineVerdict {
    /// This verdict, whatever the missing values are.
    Decided(Decision),
    /// The verdict depends on these attributes.
    Hangs(BTreeSet<Attribute>),
}

/// A case with everything that is known of its decision.
pub struct Explanation<'a> {
    /// The subject.
    pub subject: Subject<'a>,
    /// The documents that decided.
    pub explainer: &'a Explainer<'a>,
    /// The trace of the reference evaluator.
    pub trace: &'a Trace,
    /// Why the handshake refuses the peer before any policy is evaluated.
    pub refusal: Option<String>,
    /// What decided, and the rule that came closest to the other verdict; if the verdict is unknown, the rule that came closest to
    /// allowing it.
    pub why: Option<&'a Diagnosis>,
    /// The module that gave the same answer, if it was asked.
    pub module: Option<&'a ModuleFile>,
}

impl Explanation<'_> {
    /// Whether the mutual TLS mode denies. For a line that does not show the peer, it is only one of the possible
    /// reasons.
    pub fn mode_refuses(&self) -> bool {
        let refused = self.trace.mode.refused;
        let decided = self.decided().map(|decided| decided.reason);
        refused.is_some() && (refused == decided || matches!(self.subject, Subject::Traffic(..)))
    }

    /// The decision; `None` if it is not known.
    pub fn decided(&self) -> Option<&Decision> {
        match &self.subject {
            Subject::Traffic(_, answer) => Some(&answer.decision),
            Subject::Line(_, LineVerdict::Decided(decided)) => Some(decided),
            Subject::Line(_, LineVerdict::Hangs(_)) => None,
        }
    }
}

/// The answer according to a trace.
pub fn outcome(trace: &Trace) -> Answer {
    let decided = |outcome: &Outcome| Decision {
        allowed: outcome.verdict == Verdict::Allow,
        by: outcome.by.as_ref().map(RuleRef::from),
        reason: outcome.reason,
    };
    Answer {
        decision: decided(&trace.outcome),
        shadow: trace.shadow.as_ref().map(decided),
        audited: trace.audited.as_ref().map(RuleRef::from),
    }
}
