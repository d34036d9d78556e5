//! The rules of one action, in the order in which Envoy would report them.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::answers::Answers;
use super::evaluate::evaluate;
use super::index::{Goal, Index};
use super::truth::{Doubt, Truth};
use crate::attribute::Attribute;
use crate::decision::{Kind, RuleId};
use crate::few::Few;
use crate::policy::{Clause, Policy, Rule};

/// Rules sorted by id: the first that matches is the one reported, as in Envoy's map of policies.
#[derive(Debug, Clone, Default)]
pub(super) struct Rules {
    rules: Vec<RuleEntry>,
    index: Index,
}

/// A rule and the id that it is reported by. Its number is its place among the others.
#[derive(Debug, Clone)]
struct RuleEntry {
    by: RuleId,
    /// Shared with the shadow rules.
    rule: Arc<Rule>,
}

impl Rules {
    pub(super) fn new<'p>(policies: impl Iterator<Item = &'p Policy>) -> Self {
        let mut rules = Vec::new();
        for policy in policies {
            for (index, rule) in &policy.rules {
                let by = RuleId {
                    kind: Kind::AuthorizationPolicy,
                    namespace: Arc::clone(&policy.namespace),
                    name: Arc::clone(&policy.name),
                    rule: Some(*index),
                };
                rules.push(RuleEntry {
                    by,
                    rule: Arc::clone(rule),
                });
            }
        }
        Self::of(rules)
    }

    #[inline(never)]
    fn of(mut rules: Vec<RuleEntry>) -> Self {
        rules.sort_by(|one: &RuleEntry, other| one.by.cmp_id(&other.by));
        let index = Index::new(&rules.iter().map(|numbered| &*numbered.rule).collect::<Vec<_>>());
        Self { rules, index }
    }

    /// Each rule with its id, in the order in which they are reported.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&RuleId, &Rule)> {
        self.rules.iter().map(|numbered| (&numbered.by, &*numbered.rule))
    }

    /// The first rule that matches.
    pub(super) fn first_match(&self, answers: &Answers<'_>, doubt: Doubt) -> Option<&RuleId> {
        self.find(answers, doubt, Goal::First)
            .map(|numbered| &numbered.by)
    }

    /// A rule that matches: with [`Goal::Any`] not always the first.
    pub(super) fn a_match(&self, answers: &Answers<'_>, doubt: Doubt, wanted: Goal) -> Option<&RuleId> {
        self.find(answers, doubt, wanted).map(|numbered| &numbered.by)
    }

    /// The first rule that may match, with the unknown attributes that this depends on: none if it matches.
    pub(super) fn first_possible(
        &self,
        answers: &Answers<'_>,
        doubt: Doubt,
    ) -> Option<(&RuleId, BTreeSet<Attribute>)> {
        let numbered = self.find(answers, doubt, Goal::First)?;
        Some((&numbered.by, doubtful(&numbered.rule, answers, doubt)))
    }

    fn find(&self, answers: &Answers<'_>, doubt: Doubt, wanted: Goal) -> Option<&RuleEntry> {
        if self.rules.is_empty() {
            return None;
        }
        let matches = |number: usize| {
            self.rules
                .get(number)
                .is_some_and(|numbered| matches(&numbered.rule, answers, doubt))
        };
        let found = self.index.find(answers, doubt, wanted, &matches)?;
        self.rules.get(found)
    }
}

/// The attributes that were not established and that the rule depends on, if it may match.
fn doubtful(rule: &Rule, answers: &Answers<'_>, doubt: Doubt) -> BTreeSet<Attribute> {
    let evaluated = |clauses: &Vec<Clause>| -> Vec<(Truth, Attribute)> {
        let each = clauses.iter();
        each.map(|clause| (evaluate(clause, answers), clause.attribute()))
            .collect()
    };
    let may_hold = |clauses: &Vec<(Truth, Attribute)>| clauses.iter().all(|(truth, _)| truth.holds(doubt));
    let doubts = |clauses: Vec<(Truth, Attribute)>| {
        let each = clauses.into_iter();
        each.filter(|(truth, _)| *truth == Truth::Doubt)
            .map(|(_, attribute)| attribute)
            .collect::<BTreeSet<_>>()
    };
    // One alternative that certainly holds is enough, and leaves no doubt.
    let part = |alternatives: &[Vec<Clause>]| {
        let possible = alternatives.iter().map(evaluated).filter(may_hold).map(doubts);
        let possible: Vec<BTreeSet<Attribute>> = possible.collect();
        if possible.iter().any(BTreeSet::is_empty) {
            BTreeSet::new()
        } else {
            possible.into_iter().flatten().collect()
        }
    };
    let mut doubtful = doubts(evaluated(&rule.conditions));
    doubtful.extend(part(&rule.sources));
    doubtful.extend(part(&rule.operations));
    doubtful
}

fn matches(rule: &Rule, answers: &Answers<'_>, doubt: Doubt) -> bool {
    let all = |clauses: &Vec<Clause>| {
        clauses
            .iter()
            .all(|clause| evaluate(clause, answers).holds(doubt))
    };
    let any = |parts: &Few<Vec<Clause>>| parts.is_none() || parts.any(all);
    any(&rule.sources) && any(&rule.operations) && all(&rule.conditions)
}
