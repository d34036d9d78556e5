//! Compares two programs: finds what one allows and the other does not.

use peerwarden_engine::{CustomRules, Lookup, Program, Traffic};

use crate::region::Classes;
use crate::space::{Peers, Space};
use crate::{AnalysisError, Disagreement, LimitExceeded};

/// The effect of replacing one program with another.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// What the new program allows and the old one does not.
    pub newly_allowed: Classes,
    /// What the old program allows and the new one does not.
    pub newly_denied: Classes,
    /// The peers for which this holds.
    pub peers: Peers,
    /// The external authorizers whose answers matter; each is assumed to give both programs the same answer.
    pub authorizers: Vec<String>,
}

impl Comparison {
    /// Whether the two programs allow the same.
    pub fn is_equivalent(&self) -> bool {
        self.newly_allowed.shown.is_empty() && self.newly_denied.shown.is_empty()
    }
}

/// Whether two programs of one protocol have the same rules, so that there is nothing to compare.
pub fn is_same(old: &Program, new: &Program) -> bool {
    let modes = || {
        let ports = old.mtls_ports().chain(new.mtls_ports());
        // One port that neither mentions.
        let mut ports: Vec<u16> = ports.collect();
        let other = (1..=u16::MAX).find(|port| !ports.contains(port));
        ports.extend(other);
        ports
            .iter()
            .all(|port| old.mtls_mode(*port).0 == new.mtls_mode(*port).0)
    };
    let allow = match (old.allow_rules(), new.allow_rules()) {
        (Some(old), Some(new)) => old.eq(new),
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    };
    let custom = || {
        let same = |(old, new): (&CustomRules, &CustomRules)| {
            old.rules().eq(new.rules()) && old.provider() == new.provider()
        };
        old.custom().len() == new.custom().len() && old.custom().iter().zip(new.custom()).all(same)
    };
    allow
        && old.accepted_tokens() == new.accepted_tokens()
        && old.paths() == new.paths()
        && old.deny_rules().eq(new.deny_rules())
        && custom()
        && modes()
}

/// Compares two programs of one protocol; for each difference, at most `limit` classes are shown.
///
/// Both programs evaluate one request of each class again.
///
/// # Errors
///
/// If the comparison is too complex, or if a program disagrees with the analysis, which is a bug in this crate.
pub fn compare(old: &Program, new: &Program, limit: usize) -> Result<Comparison, AnalysisError> {
    let mut space = Space::new(old.protocol(), &[old, new], &[])?;
    let (before, after) = (space.allowed(old)?, space.allowed(new)?);
    let everything = space.everything();
    let gained = space.without(after, before)?;
    let lost = space.without(before, after)?;
    let comparison = Comparison {
        newly_allowed: space.classes(gained, everything, limit)?,
        newly_denied: space.classes(lost, everything, limit)?,
        peers: space.peers(),
        authorizers: space.authorizers().map(str::to_owned).collect(),
    };
    for (classes, allowed) in [
        (&comparison.newly_allowed, (false, true)),
        (&comparison.newly_denied, (true, false)),
    ] {
        for traffic in classes.examples() {
            replay(traffic, old, allowed.0)?;
            replay(traffic, new, allowed.1)?;
        }
    }
    Ok(comparison)
}

/// Evaluates traffic with a program, whose verdict must agree with the analysis.
pub(crate) fn replay(traffic: &Traffic, program: &Program, allowed: bool) -> Result<(), Disagreement> {
    let decision = program.judge(traffic, traffic).decision;
    let passes = match &traffic.jwt {
        Lookup::Found(payload) => program.accepts_token(payload),
        Lookup::Missing | Lookup::Unavailable => true,
    };
    let is_allowed = passes && decision.verdict == peerwarden_engine::Verdict::Allow;
    if is_allowed == allowed {
        return Ok(());
    }
    Err(Disagreement {
        traffic: Box::new(traffic.clone()),
        allowed: is_allowed,
    })
}

impl From<LimitExceeded> for AnalysisError {
    fn from(beyond: LimitExceeded) -> Self {
        AnalysisError::LimitExceeded(beyond)
    }
}

impl From<Disagreement> for AnalysisError {
    fn from(disagrees: Disagreement) -> Self {
        AnalysisError::Disagreement(disagrees)
    }
}
