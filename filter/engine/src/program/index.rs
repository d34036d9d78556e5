//! Which rules can match at all: found by what is asked of one of their attributes, so that the cost of a decision follows the
//! rules that are candidates, not all there are.
//!
//! Each rule is found by one of its parts (`from`, `to`, or one condition of `when`), and in each alternative of that part by one
//! clause that asks for values: the clause that the fewest rules share ([`choose`]). The index only narrows: whether a candidate
//! matches is decided by the whole rule, so a rule may be found too often, and must not be found too seldom.
//!
//! A rule that asks for no value anywhere (`not…` fields alone, or no field at all) is in `rest` and is always a candidate. Where there
//! are many candidates, those with a `not…` value that the attribute has are found likewise and left out before any is tried.

mod choose;
mod finder;
mod hash;
mod key;
mod list;
mod look;
mod table;

use std::collections::BTreeMap;

use choose::choose;
use finder::Finder;
use key::{Place, asked_for, ruled_out_by};
use list::{LONG, List, RuledOut, take_lowest};
use look::look;

use super::answers::Answers;
use super::truth::Doubt;
use crate::policy::{Clause, Rule};

/// Finds the rules that can match.
#[derive(Debug, Clone, Default)]
pub(super) struct Index {
    /// Cheap attributes first.
    places: Vec<(Place, Finder)>,
    rest: List,
    /// Finds rules that cannot match, among those that are found together with many others.
    ruling_out: Vec<(Place, Finder)>,
}

impl Index {
    pub(super) fn new<'r>(rules: impl Iterator<Item = &'r Rule>) -> Self {
        let rules: Vec<&Rule> = rules.collect();
        let mut places = Places::default();
        let mut ruling_out = Places::default();
        let mut rest = List::default();
        for (number, (rule, found)) in rules.iter().zip(choose(&rules)).enumerate() {
            let among_many = found.as_ref().is_none_or(|found| found.candidates >= LONG);
            match found {
                None => rest.add(number),
                Some(found) => {
                    for clause in found.clauses {
                        asked_for(clause, &mut |key| places.of(key.place.clone()).add(&key, number));
                    }
                }
            }
            if among_many {
                for clause in required(rule) {
                    ruled_out_by(clause, &mut |key| {
                        ruling_out.of(key.place.clone()).add(&key, number)
                    });
                }
            }
        }
        rest.finish();
        Self {
            places: places.finish(),
            rest,
            ruling_out: ruling_out.finish(),
        }
    }

    /// The lowest number of a rule that `matches`. An attribute is asked for only while a rule that hangs on it could still come
    /// before the one that is known.
    pub(super) fn first_match(
        &self,
        answers: &Answers<'_>,
        doubt: Doubt,
        matches: &dyn Fn(usize) -> bool,
    ) -> Option<usize> {
        let mut search = Search {
            index: self,
            answers,
            matches,
            doubt,
            first: None,
            ruled_out: None,
        };
        for (place, finder) in &self.places {
            if search.can_be_before(finder.lowest()) {
                let all_in_doubt = doubt == Doubt::Matches;
                look(place, finder, answers, all_in_doubt, &mut |found| {
                    search.consider(found)
                });
            }
        }
        search.consider(&self.rest);
        search.first
    }

    /// What the attributes at hand rule out. One that could not be established rules out all that it could, where a doubt counts
    /// as no match.
    fn ruled_out(&self, answers: &Answers<'_>, doubt: Doubt) -> RuledOut<'_> {
        let mut ruled_out = RuledOut::default();
        for (place, finder) in &self.ruling_out {
            let all_in_doubt = doubt == Doubt::DoesNotMatch;
            look(place, finder, answers, all_in_doubt, &mut |found| {
                ruled_out.add(found)
            });
        }
        ruled_out
    }
}

/// A finder for each attribute.
#[derive(Default)]
struct Places(BTreeMap<Place, Finder>);

impl Places {
    fn of(&mut self, place: Place) -> &mut Finder {
        self.0.entry(place).or_default()
    }

    fn finish(mut self) -> Vec<(Place, Finder)> {
        self.0.values_mut().for_each(Finder::finish);
        self.0.into_iter().collect()
    }
}

/// The clauses without which the rule does not match: there is no other alternative.
fn required(rule: &Rule) -> impl Iterator<Item = &Clause> {
    let parts = [single(&rule.sources), single(&rule.operations), &rule.conditions];
    parts.into_iter().flatten()
}

fn single(alternatives: &[Vec<Clause>]) -> &[Clause] {
    match alternatives {
        [clauses] => clauses,
        [] | [_, ..] => &[],
    }
}

/// On the way to the first rule that matches.
struct Search<'i, 'm, 'a> {
    index: &'i Index,
    answers: &'m Answers<'a>,
    matches: &'m dyn Fn(usize) -> bool,
    doubt: Doubt,
    first: Option<usize>,
    /// `None` until there are many candidates.
    ruled_out: Option<RuledOut<'i>>,
}

impl Search<'_, '_, '_> {
    fn can_be_before(&self, number: usize) -> bool {
        self.first.is_none_or(|first| number < first)
    }

    /// Candidates, the lowest first.
    fn consider(&mut self, candidates: &List) {
        let Some(words) = candidates.words() else {
            return self.try_each(candidates.rules());
        };
        let Some(lowest) = candidates
            .rules()
            .first()
            .filter(|lowest| self.can_be_before(**lowest))
        else {
            return;
        };
        // Often the first one matches, and nothing else need be known.
        if (self.matches)(*lowest) {
            self.first = Some(*lowest);
            return;
        }
        let (index, answers, doubt) = (self.index, self.answers, self.doubt);
        let ruled_out = *self
            .ruled_out
            .get_or_insert_with(|| index.ruled_out(answers, doubt));
        for (at, word) in words {
            let mut left = ruled_out.left(*at, *word);
            while let Some(number) = take_lowest(*at, &mut left) {
                if !self.can_be_before(number) {
                    return;
                }
                if number != *lowest && (self.matches)(number) {
                    self.first = Some(number);
                    return;
                }
            }
        }
    }

    fn try_each(&mut self, candidates: &[usize]) {
        let before = candidates
            .iter()
            .copied()
            .take_while(|number| self.can_be_before(*number));
        if let Some(found) = before.into_iter().find(|number| (self.matches)(*number)) {
            self.first = Some(found);
        }
    }
}
