//! By which of its clauses a rule is found.

use std::collections::HashMap;

use super::key::{How, Key, Place, keys};
use crate::policy::{Clause, Rule};

/// So few candidates cost less than one more attribute that Envoy must be asked for.
const FEW: usize = 8;

/// For each rule the values that find it; `None` when nothing does.
pub(super) fn choose<'r>(rules: &[&'r Rule]) -> Vec<Option<Vec<Key<'r>>>> {
    let shared = Shared::of(rules);
    rules.iter().map(|rule| shared.best(rule)).collect()
}

/// How many rules ask for the same value.
struct Shared<'r> {
    rules: usize,
    counts: HashMap<Key<'r>, usize>,
}

/// What finds an alternative, and what it costs: the candidates that it is expected to find, then the attribute.
struct Found<'r> {
    keys: Vec<Key<'r>>,
    candidates: usize,
    place: Option<Place>,
}

impl<'r> Shared<'r> {
    fn of(rules: &[&'r Rule]) -> Self {
        let mut counts = HashMap::new();
        for rule in rules {
            let alternatives = rule.sources.iter().chain(&rule.operations);
            for clause in alternatives.flatten().chain(&rule.conditions) {
                for key in keys(clause).into_iter().flatten() {
                    let count: &mut usize = counts.entry(key).or_default();
                    *count = count.saturating_add(1);
                }
            }
        }
        Self {
            rules: rules.len(),
            counts,
        }
    }

    fn best(&self, rule: &'r Rule) -> Option<Vec<Key<'r>>> {
        let conditions = self.alternative(&rule.conditions);
        let parts = [self.part(&rule.sources), self.part(&rule.operations), conditions];
        let best = parts.into_iter().flatten().min_by(Found::cmp);
        best.map(|found| found.keys)
    }

    /// Any alternative may be the one that holds, so each must be found.
    fn part(&self, alternatives: &'r [Vec<Clause>]) -> Option<Found<'r>> {
        let mut part = Found {
            keys: Vec::new(),
            candidates: 0,
            place: None,
        };
        for clauses in alternatives {
            let found = self.alternative(clauses)?;
            part.keys.extend(found.keys);
            part.candidates = part.candidates.saturating_add(found.candidates);
            part.place = part.place.max(found.place);
        }
        (!alternatives.is_empty()).then_some(part)
    }

    /// All its clauses must hold, so the best one finds it.
    fn alternative(&self, clauses: &'r [Clause]) -> Option<Found<'r>> {
        let found = clauses.iter().filter_map(|clause| {
            let keys = keys(clause)?;
            let candidates = keys.iter().map(|key| self.candidates(key));
            Some(Found {
                candidates: candidates.fold(0, usize::saturating_add),
                place: keys.first().map(|key| key.place.clone()),
                keys,
            })
        });
        found.min_by(Found::cmp)
    }

    fn candidates(&self, key: &Key<'r>) -> usize {
        match key.how {
            // Whatever comes has it.
            How::Any => self.rules,
            How::Exact
            | How::Prefix
            | How::Suffix
            | How::Namespace
            | How::ServiceAccount
            | How::TrustDomain
            | How::Block => self.counts.get(key).copied().unwrap_or(1),
        }
    }
}

impl Found<'_> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let cost = |found: &Self| found.candidates.max(FEW);
        cost(self)
            .cmp(&cost(other))
            .then_with(|| self.place.cmp(&other.place))
    }
}
