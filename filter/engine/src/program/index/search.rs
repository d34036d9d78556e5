//! Searches the candidates for a rule that matches.

use std::ops::ControlFlow;

use super::Index;
use super::glance::{Glance, Path};
use super::list::{List, take_lowest};
use super::look::look;
use super::narrow::NarrowedSearch;
use crate::attribute::{Lines, Lookup};
use crate::program::answers::Answers;
use crate::program::truth::{Doubt, UnestablishedValue};

/// With fewer candidates in a word it costs less to glance at each than to narrow the word.
const DENSE: usize = 4;

/// Which of several rules that match is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::program) enum Goal {
    /// The lowest number, which is the one that is reported.
    First,
    /// Whichever is found with the least effort, where none is reported.
    Any,
}

impl Index {
    /// The number of a rule that `matches`. An attribute is looked up only while a rule that depends on it could still be
    /// the result.
    pub(in crate::program) fn find(
        &self,
        answers: &Answers<'_>,
        doubt: Doubt,
        wanted: Goal,
        matches: &dyn Fn(usize) -> bool,
    ) -> Option<usize> {
        let mut search = Search {
            index: self,
            answers,
            matches,
            doubt,
            wanted,
            found: None,
            narrowed: None,
        };
        for (place, finder) in &self.places {
            if search.is_wanted(finder.lowest()) {
                look(place, finder, answers, doubt.matching(), &mut |found| {
                    search.consider(found)
                });
            }
        }
        let _ = search.consider(&self.rest);
        search.found
    }
}

/// On the way to a rule that matches.
struct Search<'i, 'm, 'a> {
    index: &'i Index,
    answers: &'m Answers<'a>,
    matches: &'m dyn Fn(usize) -> bool,
    doubt: Doubt,
    wanted: Goal,
    found: Option<usize>,
    /// Once there were many candidates.
    narrowed: Option<NarrowedSearch<'i>>,
}

impl Search<'_, '_, '_> {
    /// Whether this one would be better than what is found.
    fn is_wanted(&self, number: usize) -> bool {
        match (self.found, self.wanted) {
            (None, _) => true,
            (Some(found), Goal::First) => number < found,
            (Some(_), Goal::Any) => false,
        }
    }

    /// Candidates, the lowest first. Breaks off where nothing better can come.
    fn consider(&mut self, candidates: &List) -> ControlFlow<()> {
        match candidates.words() {
            Some(words)
                if candidates.glances().is_empty()
                    || candidates.len() >= words.len().saturating_mul(DENSE) =>
            {
                self.narrow(candidates, words);
            }
            Some(_) | None => self.try_each(candidates),
        }
        match (self.found, self.wanted) {
            (Some(_), Goal::Any) => ControlFlow::Break(()),
            (_, Goal::First) | (None, Goal::Any) => ControlFlow::Continue(()),
        }
    }

    fn try_each(&mut self, candidates: &List) {
        let rules = candidates.rules();
        if rules.first().is_none_or(|lowest| !self.is_wanted(*lowest)) {
            return;
        }
        let mut wanted = rules.iter().copied().take_while(|number| self.is_wanted(*number));
        let found = match self.path_for(candidates.glances()) {
            Some((glances, path)) => wanted
                .zip(glances)
                .find(|(number, glance)| glance.fits(&path) && (self.matches)(*number))
                .map(|(number, _)| number),
            None => wanted.find(|number| (self.matches)(*number)),
        };
        self.found = found.or(self.found);
    }

    /// The path, where it says at a glance which of several candidates cannot match.
    fn path_for<'g>(&self, glances: &'g [Glance]) -> Option<(&'g [Glance], Path<'_>)> {
        if glances.is_empty() {
            return None;
        }
        match self.answers.path() {
            Ok(Lookup::Found(Lines::One(path))) => Some((glances, Path::of(path))),
            Ok(Lookup::Found(Lines::Several(_)) | Lookup::Missing | Lookup::Unavailable)
            | Err(UnestablishedValue) => None,
        }
    }

    /// Tries those alone that other attributes leave.
    fn narrow(&mut self, candidates: &List, words: &[(usize, u64)]) {
        let Some(lowest) = candidates
            .rules()
            .first()
            .filter(|lowest| self.is_wanted(**lowest))
        else {
            return;
        };
        // Often the first one matches, and nothing else need be known.
        if (self.matches)(*lowest) {
            self.found = Some(*lowest);
            return;
        }
        let narrowed = self.narrowed.get_or_insert_default();
        if !narrowed.look(candidates, &self.index.narrowing, self.answers, self.doubt) {
            return;
        }
        for (at, word) in words {
            let Some(narrowed) = &self.narrowed else { return };
            let mut left = narrowed.left(*at, *word);
            while let Some(number) = take_lowest(*at, &mut left) {
                if !self.is_wanted(number) {
                    return;
                }
                if number != *lowest && (self.matches)(number) {
                    self.found = Some(number);
                    return;
                }
            }
        }
    }
}
