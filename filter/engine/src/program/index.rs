//! Which rules can match at all: found by what is asked of one of their attributes, so that the cost of a decision follows the
//! rules that are candidates, not all there are.
//!
//! Each rule is found by one of its parts (`from`, `to`, or one condition of `when`), and in each alternative of that part by one
//! clause that asks for values: the clause that the fewest rules share ([`choose`]). The index only narrows: whether a candidate
//! matches is decided by the whole rule, so a rule may be found too often, and must not be found too seldom.
//!
//! A rule that asks for no value anywhere (`not…` fields alone, or no field at all) is in `rest` and is always a candidate.

mod choose;
mod finder;
mod hash;
mod key;
mod table;

use std::collections::BTreeMap;

use choose::choose;
use finder::Finder;
use key::Place;

use super::answers::Answers;
use super::evaluate::{claim, principal};
use super::truth::Doubt;
use crate::attribute::{Lines, Lookup};
use crate::policy::Rule;

/// Finds the rules that can match.
#[derive(Debug, Clone, Default)]
pub(super) struct Index {
    /// Cheap attributes first.
    places: Vec<(Place, Finder)>,
    rest: Vec<usize>,
}

impl Index {
    pub(super) fn new<'r>(rules: impl Iterator<Item = &'r Rule>) -> Self {
        let rules: Vec<&Rule> = rules.collect();
        let mut places: BTreeMap<Place, Finder> = BTreeMap::new();
        let mut rest = Vec::new();
        for (number, keys) in choose(&rules).into_iter().enumerate() {
            match keys {
                None => rest.push(number),
                Some(keys) => {
                    for key in keys {
                        places.entry(key.place.clone()).or_default().add(&key, number);
                    }
                }
            }
        }
        places.values_mut().for_each(Finder::finish);
        let places = places.into_iter().collect();
        Self { places, rest }
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
            matches,
            doubt,
            first: None,
        };
        for (place, finder) in &self.places {
            if search.can_be_before(finder.lowest()) {
                search.look(place, finder, answers);
            }
        }
        search.consider(&self.rest);
        search.first
    }
}

/// On the way to the first rule that matches.
struct Search<'m> {
    matches: &'m dyn Fn(usize) -> bool,
    doubt: Doubt,
    first: Option<usize>,
}

impl Search<'_> {
    fn can_be_before(&self, number: usize) -> bool {
        self.first.is_none_or(|first| number < first)
    }

    /// Candidates, the lowest first.
    fn consider(&mut self, candidates: &[usize]) {
        let before = candidates
            .iter()
            .copied()
            .take_while(|number| self.can_be_before(*number));
        if let Some(found) = before.into_iter().find(|number| (self.matches)(*number)) {
            self.first = Some(found);
        }
    }

    /// What an attribute finds. One that is missing has no value that is asked for; one that could not be established has any,
    /// where a doubt counts as a match.
    fn with<T>(&mut self, finder: &Finder, attribute: &Lookup<T>, find: impl FnOnce(&mut Self, &T)) {
        match attribute {
            Lookup::Found(value) => find(self, value),
            Lookup::Missing => {}
            Lookup::Unavailable => match self.doubt {
                Doubt::Matches => self.consider(finder.all()),
                Doubt::DoesNotMatch => {}
            },
        }
    }

    fn lines(&mut self, finder: &Finder, lines: &Lookup<Lines<'_>>) {
        self.with(finder, lines, |search, lines| {
            for line in lines.iter() {
                finder.text(line, &mut |found| search.consider(found));
            }
        });
    }

    fn look(&mut self, place: &Place, finder: &Finder, answers: &Answers<'_>) {
        match place {
            Place::Peer => self.with(finder, answers.peer(), |search, peer| {
                for name in peer.names() {
                    finder.peer(name, &mut |found| search.consider(found));
                }
            }),
            Place::DestinationPort => self.with(finder, answers.destination_port(), |search, port| {
                finder.text(&port.to_be_bytes(), &mut |found| search.consider(found));
            }),
            Place::Path => self.lines(finder, answers.path()),
            Place::Method => self.lines(finder, answers.method()),
            Place::Host => self.with(finder, answers.host(), |search, lines| {
                for line in lines.iter() {
                    finder.text_ignoring_case(line, &mut |found| search.consider(found));
                }
            }),
            Place::Sni => self.with(finder, answers.sni(), |search, sni| {
                finder.text(sni, &mut |found| search.consider(found));
            }),
            Place::SourceIp => self.with(finder, answers.source_ip(), |search, ip| {
                finder.address(*ip, &mut |found| search.consider(found));
            }),
            Place::RemoteIp => self.with(finder, answers.remote_ip(), |search, ip| {
                finder.address(*ip, &mut |found| search.consider(found));
            }),
            Place::DestinationIp => self.with(finder, answers.destination_ip(), |search, ip| {
                finder.address(*ip, &mut |found| search.consider(found));
            }),
            Place::Header(name) => self.lines(finder, &answers.header(name)),
            Place::Issuer => self.with(finder, &principal(answers), |search, (issuer, _)| {
                finder.text(issuer.as_bytes(), &mut |found| search.consider(found));
            }),
            Place::Subject => self.with(finder, &principal(answers), |search, (_, subject)| {
                finder.text(subject.as_bytes(), &mut |found| search.consider(found));
            }),
            Place::Claim(path) => self.with(finder, &claim(answers, path), |search, texts| {
                for text in texts {
                    finder.text(text.as_bytes(), &mut |found| search.consider(found));
                }
            }),
        }
    }
}
