//! Two programs: what one allows and the other does not.

use peerwarden_engine::{Program, Traffic};

use crate::region::Classes;
use crate::space::{Peers, Space};
use crate::{Beyond, Disagrees, Unanswered};

/// What a change of programs does.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// What the new one allows and the old one does not.
    pub newly_allowed: Classes,
    /// What the old one allows and the new one does not.
    pub newly_denied: Classes,
    /// Of which peers this holds.
    pub peers: Peers,
    /// The external authorizers on whose answers it hangs, each of which is taken to answer both programs the same.
    pub authorizers: Vec<String>,
}

impl Comparison {
    /// Whether the two programs allow the same.
    pub fn is_equivalent(&self) -> bool {
        self.newly_allowed.shown.is_empty() && self.newly_denied.shown.is_empty()
    }
}

/// Whether two programs of one protocol decide by the same rules, so that there is nothing to compare.
pub fn is_same(old: &Program, new: &Program) -> bool {
    let modes = || {
        let ports = old.mtls_ports().chain(new.mtls_ports());
        // And one port that neither says anything of.
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
    allow
        && old.paths() == new.paths()
        && old.deny_rules().eq(new.deny_rules())
        && old.custom_rules().eq(new.custom_rules())
        && old.provider() == new.provider()
        && modes()
}

/// Compares two programs of one protocol; of each difference at most `limit` classes are shown.
///
/// Each class has been put to both programs again, one request for it.
///
/// # Errors
/// That there is too much to compare, or that a program decides otherwise than was worked out, which is an error of this crate.
pub fn compare(old: &Program, new: &Program, limit: usize) -> Result<Comparison, Unanswered> {
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

/// Puts traffic to a program, which must decide as was worked out.
pub(crate) fn replay(traffic: &Traffic, program: &Program, allowed: bool) -> Result<(), Disagrees> {
    let decision = program.judge(traffic, traffic).decision;
    let is_allowed = decision.verdict == peerwarden_engine::Verdict::Allow;
    if is_allowed == allowed {
        return Ok(());
    }
    Err(Disagrees {
        traffic: Box::new(traffic.clone()),
        allowed: is_allowed,
    })
}

impl From<Beyond> for Unanswered {
    fn from(beyond: Beyond) -> Self {
        Unanswered::Beyond(beyond)
    }
}

impl From<Disagrees> for Unanswered {
    fn from(disagrees: Disagrees) -> Self {
        Unanswered::Disagrees(disagrees)
    }
}
