//! The ALLOW rule that came closest to matching when none matched, for the log line of a denial.
//!
//! It is computed only when such a line is written, so allowed requests do not pay for it, and the lines are
//! rate-limited.

use super::Program;
use super::answers::Answers;
use super::evaluate::evaluate;
use super::truth::Doubt;
use crate::attribute::{Attribute, AttributeSource};
use crate::decision::RuleId;
use crate::policy::{Clause, Rule};

/// The largest number of rules that are searched; with more, each denial would cost too much.
const RULES: usize = 64;

/// A rule that did not match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NearMiss<'p> {
    /// The rule, the first by id of several that came as close.
    pub by: &'p RuleId,
    /// The attributes of the clauses that failed, in the order of the rule: the fewest that would have to differ.
    pub failed: Vec<Attribute>,
}

impl Program {
    /// The ALLOW rule with the fewest requirements that do not hold; `None` without ALLOW rules, or with too many.
    ///
    /// `source` is the one that was denied. An attribute that could not be established does not hold, as in the decision.
    pub fn near_miss(&self, source: &dyn AttributeSource) -> Option<NearMiss<'_>> {
        let rules = self.enforced.allow.as_ref()?;
        if rules.iter().nth(RULES).is_some() {
            return None;
        }
        let answers = Answers::new(source, self.paths);
        let misses = rules.iter().map(|(by, rule)| (by, failed(rule, &answers)));
        let (by, failed) = misses.min_by_key(|(_, failed)| failed.len())?;
        let mut attributes: Vec<Attribute> = Vec::new();
        for clause in failed {
            let attribute = clause.attribute();
            if !attributes.contains(&attribute) {
                attributes.push(attribute);
            }
        }
        Some(NearMiss {
            by,
            failed: attributes,
        })
    }
}

/// The fewest clauses that would have to hold for the rule to match.
fn failed<'r>(rule: &'r Rule, answers: &Answers<'_>) -> Vec<&'r Clause> {
    let of_part = |clauses: &'r Vec<Clause>| -> Vec<&'r Clause> {
        let fails = |clause: &&Clause| !evaluate(clause, answers).holds(Doubt::DoesNotMatch);
        clauses.iter().filter(fails).collect()
    };
    let nearest =
        |parts: &'r [Vec<Clause>]| parts.iter().map(of_part).min_by_key(Vec::len).unwrap_or_default();
    let mut failed = nearest(&rule.sources);
    failed.extend(nearest(&rule.operations));
    failed.extend(of_part(&rule.conditions));
    failed
}
