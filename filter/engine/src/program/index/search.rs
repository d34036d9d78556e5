//! From candidates to the first rule that matches.

use super::Index;
use super::list::{List, take_lowest};
use super::look::look;
use super::narrow::Narrowed;
use crate::program::answers::Answers;
use crate::program::truth::Doubt;

impl Index {
    /// The lowest number of a rule that `matches`. An attribute is asked for only while a rule that hangs on it could still come
    /// before the one that is known.
    pub(in crate::program) fn first_match(
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
            narrowed: Narrowed::default(),
        };
        for (place, finder) in &self.places {
            if search.can_be_before(finder.lowest()) {
                let all_in_doubt = doubt == Doubt::Matches;
                look(place, finder, answers, all_in_doubt, &mut |found| {
                    search.consider(found);
                });
            }
        }
        search.consider(&self.rest);
        search.first
    }
}

/// On the way to the first rule that matches.
struct Search<'i, 'm, 'a> {
    index: &'i Index,
    answers: &'m Answers<'a>,
    matches: &'m dyn Fn(usize) -> bool,
    doubt: Doubt,
    first: Option<usize>,
    narrowed: Narrowed<'i>,
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
        let narrowing = &self.index.narrowing;
        if !self
            .narrowed
            .look(candidates, narrowing, self.answers, self.doubt)
        {
            return;
        }
        for (at, word) in words {
            let mut left = self.narrowed.left(*at, *word);
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
