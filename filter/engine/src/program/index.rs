//! Finds the rules that can match, by the value of one of their attributes, so that the cost of a decision depends on
//! the candidates, not on all rules.
//!
//! Each rule is found by one of its parts (`from`, `to`, or one condition of `when`), and in each alternative of that
//! part by one clause that asks for values: the clause that the fewest rules share ([`choose`]). The index only
//! narrows: the whole rule decides whether a candidate matches, so a rule may be found too often, but never too seldom.
//!
//! A rule that asks for no value anywhere (only `not…` fields, or no field) is in `rest` and is always a candidate. If
//! there are many candidates, their other clauses, negative ones too, are looked up in the same way, and candidates
//! that these rule out are not evaluated ([`narrow`]).

mod choose;
mod finder;
mod glance;
mod hash;
mod key;
mod list;
mod look;
mod narrow;
mod required;
mod search;
mod table;

use std::collections::BTreeMap;

use choose::choose;
use finder::Finder;
use glance::Glance;
use key::{Place, asked_for};
use list::{LONG, List};
use narrow::Narrowing;
pub(super) use search::Goal;

use crate::policy::Rule;

/// Finds the rules that can match.
#[derive(Debug, Clone, Default)]
pub(super) struct Index {
    /// Cheap attributes first.
    places: Vec<(Place, Finder)>,
    rest: List,
    /// Of rules that are found together with many others, which can match at all.
    narrowing: Vec<(Place, Narrowing)>,
}

impl Index {
    pub(super) fn new(rules: &[&Rule]) -> Self {
        let mut places: BTreeMap<Place, Finder> = BTreeMap::new();
        let mut narrowing: BTreeMap<Place, Narrowing> = BTreeMap::new();
        let mut rest = List::default();
        for (number, (rule, found)) in rules.iter().zip(choose(rules)).enumerate() {
            let among_many = found.as_ref().is_none_or(|found| found.candidates >= LONG);
            match found {
                None => rest.add(number),
                Some(found) => {
                    for clause in &found.clauses {
                        asked_for(clause, &mut |key| {
                            places.entry(key.place.clone()).or_default().add(&key, number);
                        });
                    }
                }
            }
            if among_many {
                Narrowing::add(rule, number, &mut narrowing);
            }
        }
        let glances: Vec<Glance> = rules.iter().map(|rule| Glance::of(rule)).collect();
        places.values_mut().for_each(|finder| finder.finish(&glances));
        narrowing.values_mut().for_each(Narrowing::finish);
        rest.finish(&[]);
        Self {
            places: places.into_iter().collect(),
            rest,
            narrowing: narrowing.into_iter().collect(),
        }
    }
}
