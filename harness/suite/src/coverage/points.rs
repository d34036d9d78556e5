//! What can come out one way or the other, and how much of it did.
//!
//! A rule can match and not match, a clause hold and fail, each value of a clause with several match: each of these is a point. A rule
//! without clauses cannot but match, so that it is one point.

use std::ops::AddAssign;

use super::{Clause, Coverage, Policy, Rule};

/// Points that some case showed, of all that there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Points {
    /// How many were covered.
    pub covered: usize,
    /// How many there are.
    pub total: usize,
}

impl Points {
    fn of(shown: impl IntoIterator<Item = bool>) -> Self {
        let mut points = Self::default();
        for shown in shown {
            points += Self {
                covered: usize::from(shown),
                total: 1,
            };
        }
        points
    }

    /// Rounded down: only all is 100.
    pub fn percent(self) -> usize {
        (self.covered * 100).checked_div(self.total).unwrap_or(100)
    }

    /// Whether all were covered.
    pub fn all(self) -> bool {
        self.covered == self.total
    }
}

impl AddAssign for Points {
    fn add_assign(&mut self, other: Self) {
        self.covered += other.covered;
        self.total += other.total;
    }
}

impl std::iter::Sum for Points {
    fn sum<I: Iterator<Item = Self>>(points: I) -> Self {
        let mut sum = Self::default();
        for points in points {
            sum += points;
        }
        sum
    }
}

impl Coverage {
    /// Of all policies.
    pub fn points(&self) -> Points {
        self.0.values().map(Policy::points).sum()
    }
}

impl Policy {
    pub(super) fn points(&self) -> Points {
        self.rules.iter().map(Rule::points).sum()
    }

    pub(super) fn rules_matched(&self) -> Points {
        Points::of(self.rules.iter().map(|rule| rule.matched > 0))
    }
}

impl Rule {
    pub(super) fn points(&self) -> Points {
        let missed = (!self.clauses.is_empty()).then_some(self.missed > 0);
        let mut points = Points::of(std::iter::once(self.matched > 0).chain(missed));
        points += self.clauses.iter().map(Clause::points).sum();
        points
    }
}

impl Clause {
    pub(super) fn points(&self) -> Points {
        let values = self.values.iter().filter(|_| self.values.len() > 1);
        let ways = [self.held > 0, self.failed > 0].into_iter();
        Points::of(ways.chain(values.map(|value| value.matched > 0)))
    }
}
