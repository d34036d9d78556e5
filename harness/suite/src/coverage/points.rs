//! Points of coverage: everything that can turn out one way or the other.
//!
//! A rule can match and not match, a clause can hold and fail, each value of a clause with several can match: each of these is a
//! point. A rule without clauses always matches, so it is one point.

use std::ops::AddAssign;

use super::{Clause, Coverage, Policy, Rule};

/// The covered points, of all points.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Points {
    /// Number of covered points.
    pub covered: usize,
    /// Number of points.
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

    /// Rounded down: only full coverage is 100.
    pub fn percent(self) -> usize {
        (self.covered * 100).checked_div(self.total).unwrap_or(100)
    }

    /// Whether all are covered.
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
    /// The points of all policies.
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
