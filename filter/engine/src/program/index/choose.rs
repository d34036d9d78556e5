//! Chooses the clause that a rule is found by.

use hashbrown::HashTable;

use super::hash::count_by;
use super::key::{Key, KeyMatch, asked_for, finds};
use crate::few::Few;
use crate::policy::{Clause, Operand, Rule};

/// The number of candidates that cost less than one more attribute from Envoy.
const FEW: usize = 8;

/// For each rule what finds it; `None` when nothing does.
pub(super) fn choose<'r>(rules: &[&'r Rule]) -> Vec<Option<RuleKey<'r>>> {
    let shared = ValueCounts::of(rules);
    rules.iter().map(|rule| shared.best(rule)).collect()
}

/// How many rules ask for the same value.
struct ValueCounts {
    rules: usize,
    /// By a hash of the value: two that share one by chance make an estimate worse, no more.
    counts: HashTable<(u64, usize)>,
}

/// What finds a rule, and what it costs: the candidates that it is expected to find, then the attribute.
pub(super) struct RuleKey<'r> {
    /// Whatever one of these asks for.
    pub(super) clauses: Few<&'r Clause>,
    pub(super) candidates: usize,
    attribute: Option<Operand>,
}

impl ValueCounts {
    fn of(rules: &[&Rule]) -> Self {
        let mut counts = HashTable::with_capacity(rules.len());
        for rule in rules {
            for clause in rule.clauses() {
                asked_for(clause, &mut |key| {
                    let hash = count_by(&key);
                    let entry = counts.entry(hash, |(known, _)| *known == hash, |(known, _)| *known);
                    let mut entry = entry.or_insert((hash, 0_usize));
                    let (_, count) = entry.get_mut();
                    *count = count.saturating_add(1);
                });
            }
        }
        Self {
            rules: rules.len(),
            counts,
        }
    }

    fn best<'r>(&self, rule: &'r Rule) -> Option<RuleKey<'r>> {
        let conditions = self.alternative(&rule.conditions);
        let conditions = conditions.map(|(clause, candidates)| RuleKey {
            clauses: Few::One(clause),
            candidates,
            attribute: Some(clause.operand()),
        });
        let parts = [self.part(&rule.sources), self.part(&rule.operations), conditions];
        parts.into_iter().flatten().min_by_key(RuleKey::cost)
    }

    /// Any alternative may be the one that holds, so each must be found.
    fn part<'r>(&self, alternatives: &'r [Vec<Clause>]) -> Option<RuleKey<'r>> {
        let mut part = RuleKey {
            clauses: Few::default(),
            candidates: 0,
            attribute: None,
        };
        for (index, clauses) in alternatives.iter().enumerate() {
            let (clause, candidates) = self.alternative(clauses)?;
            let more = alternatives.len().saturating_sub(index).saturating_sub(1);
            part.clauses.push(clause, more);
            part.candidates = part.candidates.saturating_add(candidates);
            part.attribute = part.attribute.max(Some(clause.operand()));
        }
        (!alternatives.is_empty()).then_some(part)
    }

    /// All its clauses must hold, so the best one finds it.
    fn alternative<'r>(&self, clauses: &'r [Clause]) -> Option<(&'r Clause, usize)> {
        let found = clauses.iter().filter(|clause| finds(clause));
        let found = found.map(|clause| (clause, self.candidates(clause)));
        found.min_by_key(|(clause, candidates)| (*candidates.max(&FEW), clause.operand()))
    }

    fn candidates(&self, clause: &Clause) -> usize {
        let mut candidates = 0_usize;
        asked_for(clause, &mut |key| {
            candidates = candidates.saturating_add(self.of_key(&key));
        });
        candidates
    }

    fn of_key(&self, key: &Key<'_>) -> usize {
        match key.how {
            // Whatever comes has it.
            KeyMatch::Any => self.rules,
            KeyMatch::Exact
            | KeyMatch::Prefix
            | KeyMatch::Suffix
            | KeyMatch::Namespace
            | KeyMatch::ServiceAccount
            | KeyMatch::TrustDomain
            | KeyMatch::Block => {
                let hash = count_by(key);
                let known = self.counts.find(hash, |(known, _)| *known == hash);
                known.map_or(1, |(_, count)| *count)
            }
        }
    }
}

impl RuleKey<'_> {
    fn cost(&self) -> (usize, Option<Operand>) {
        (self.candidates.max(FEW), self.attribute)
    }
}
