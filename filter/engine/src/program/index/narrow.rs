//! Rules out many candidates together, a whole word of bits at a time, before any is evaluated.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use super::finder::Finder;
use super::key::{Place, asked_for, ruled_out_by};
use super::list::List;
use super::look::look;
use super::required::required;
use crate::policy::{Clause, Rule};
use crate::program::answers::Answers;
use crate::program::truth::Doubt;

/// The requirements on one attribute, for rules that are found together with many others.
#[derive(Debug, Clone)]
pub(super) struct Narrowing {
    /// Finds those that cannot match, as the attribute has what they must not have.
    without: Finder,
    /// Finds those that still can, of all that ask something of the attribute.
    with: Finder,
}

impl Default for Narrowing {
    fn default() -> Self {
        Self {
            without: Finder::exact(),
            with: Finder::default(),
        }
    }
}

impl Narrowing {
    /// Adds the requirements of a rule to each attribute that it always depends on.
    pub(super) fn add(rule: &Rule, number: usize, attributes: &mut BTreeMap<Place, Self>) {
        for clause in required(rule) {
            ruled_out_by(clause, &mut |key| {
                let attribute = attributes.entry(key.place.clone()).or_default();
                attribute.without.add(&key, number);
            });
            match clause {
                // Some of its values may be found by one half, and some by the other.
                Clause::RequestPrincipal(_) => {}
                Clause::Peer(_)
                | Clause::SourceIp(_)
                | Clause::RemoteIp(_)
                | Clause::DestinationIp(_)
                | Clause::DestinationPort(_)
                | Clause::Sni(_)
                | Clause::Host(_)
                | Clause::Method(_)
                | Clause::Path(_)
                | Clause::Header(..)
                | Clause::Claim(..)
                | Clause::Metadata { .. } => {
                    asked_for(clause, &mut |key| {
                        let attribute = attributes.entry(key.place.clone()).or_default();
                        attribute.with.add(&key, number);
                    });
                }
            }
        }
    }

    pub(super) fn finish(&mut self) {
        self.without.finish(&[]);
        self.with.finish(&[]);
    }
}

/// The largest number of attributes that are looked up.
const ATTRIBUTES: usize = 8;

/// The results for the attributes that were looked up.
#[derive(Debug, Default)]
pub(super) struct NarrowedSearch<'i> {
    /// In the order of the attributes; `None` for one that was not looked up.
    said: [Option<AttributeLists<'i>>; ATTRIBUTES],
}

/// The result for one of them.
#[derive(Debug)]
struct AttributeLists<'i> {
    without: Lists<'i>,
    all: &'i List,
    with: Lists<'i>,
}

impl<'i> NarrowedSearch<'i> {
    /// Looks up the attributes that some candidate depends on while candidates are left, and returns whether any are.
    pub(super) fn look(
        &mut self,
        candidates: &List,
        narrowing: &'i [(Place, Narrowing)],
        answers: &Answers<'_>,
        doubt: Doubt,
    ) -> bool {
        if !self.leaves_any(candidates) {
            return false;
        }
        for (number, (place, narrowing)) in narrowing.iter().enumerate().take(ATTRIBUTES) {
            if self.said.get(number).is_none_or(Option::is_some) {
                continue;
            }
            if !candidates.meets(narrowing.without.all()) && !candidates.meets(narrowing.with.all()) {
                continue;
            }
            let mut said = AttributeLists {
                without: Lists::default(),
                all: narrowing.with.all(),
                with: Lists::default(),
            };
            // What could not be established matches whatever is asked of it, or nothing.
            look(
                place,
                &narrowing.without,
                answers,
                doubt.not_matching(),
                &mut |found| said.without.add(found),
            );
            look(place, &narrowing.with, answers, doubt.matching(), &mut |found| {
                said.with.add(found)
            });
            if let Some(place) = self.said.get_mut(number) {
                *place = Some(said);
            }
            if !self.leaves_any(candidates) {
                return false;
            }
        }
        true
    }

    fn leaves_any(&self, candidates: &List) -> bool {
        let words = candidates.words().unwrap_or_default();
        words.iter().any(|(at, word)| self.left(*at, *word) != 0)
    }

    /// What is left of the rules of a word.
    pub(super) fn left(&self, at: usize, word: u64) -> u64 {
        let mut left = word;
        for said in self.said.iter().flatten() {
            if left == 0 {
                break;
            }
            left &= !said.without.word(at);
            // Where lists were too many to be known, any rule may be in them.
            if left != 0 && said.with.is_complete {
                left &= !said.all.word(at) | said.with.word(at);
            }
        }
        left
    }
}

/// The largest number of lists that are kept.
const LISTS: usize = 16;

/// Lists of rules; if there are too many, the longest.
#[derive(Debug)]
struct Lists<'i> {
    lists: [Option<&'i List>; LISTS],
    is_complete: bool,
}

impl Default for Lists<'_> {
    fn default() -> Self {
        Self {
            lists: [None; LISTS],
            is_complete: true,
        }
    }
}

impl<'i> Lists<'i> {
    /// Never has enough.
    fn add(&mut self, list: &'i List) -> ControlFlow<()> {
        if list.len() == 0 {
            return ControlFlow::Continue(());
        }
        if let Some(free) = self.lists.iter_mut().find(|known| known.is_none()) {
            *free = Some(list);
            return ControlFlow::Continue(());
        }
        self.is_complete = false;
        let shortest = self
            .lists
            .iter_mut()
            .min_by_key(|known| known.map_or(0, List::len));
        if let Some(place) = shortest.filter(|known| known.map_or(0, List::len) < list.len()) {
            *place = Some(list);
        }
        ControlFlow::Continue(())
    }

    fn word(&self, at: usize) -> u64 {
        let known = self.lists.iter().map_while(|list| *list);
        known.fold(0, |word, list| word | list.word(at))
    }
}
