//! The deliberate differences between the module and Envoy's own filter, with their reasons.
//!
//! Each difference is a way to rewrite a question without the part that the filters read differently, in the module's
//! reading. A disagreement is explained by a difference only if both filters answer the rewritten question as the
//! module answered the original. So the list cannot hide anything else.
//!
//! docs/agreement.md has the same list ("Deliberate differences"), and `deliberate.rs` shows each of them.

mod blanks;
mod doubt;
mod line_break;
mod mapped;
mod no_uri_san;
mod not_a_host;
mod scope_claim;
mod small_letters;

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Result;

use crate::case::{PolicySet, Request, Visit};
use crate::compare::{self, Question};
use crate::generate::{self, Case};
use crate::stage::{Participants, Stage};

/// One question, with its policies.
#[derive(Debug, Clone)]
pub(crate) struct SingleQuestion {
    pub(crate) set: PolicySet,
    pub(crate) visit: Visit,
    pub(crate) request: Option<Request>,
}

/// A deliberate difference.
pub(crate) struct Difference {
    pub(crate) name: &'static str,
    /// Removes the part that is read differently from a question; returns whether there was any.
    rewrite: fn(&mut SingleQuestion) -> bool,
}

/// All of them.
pub(crate) const ALL: [Difference; 7] = [
    mapped::DIFFERENCE,
    blanks::DIFFERENCE,
    no_uri_san::DIFFERENCE,
    not_a_host::DIFFERENCE,
    small_letters::DIFFERENCE,
    line_break::DIFFERENCE,
    scope_claim::DIFFERENCE,
];

/// Disagreements, sorted by the difference that explains them.
#[derive(Debug, Default)]
pub(crate) struct DisagreementSummary {
    /// The number of disagreements for each difference.
    pub(crate) deliberate: BTreeMap<&'static str, usize>,
    /// All others.
    pub(crate) unexplained: Vec<Question>,
}

/// Sorts disagreements by asking their rewritten questions, all on one Envoy.
pub(crate) async fn sort(
    company: &Arc<Participants>,
    cases: &[Case],
    disagreements: Vec<Question>,
) -> Result<DisagreementSummary> {
    let mut sorted = DisagreementSummary::default();
    let mut rewritten = Vec::new();
    for question in disagreements {
        let (asked, names) = rewrite(SingleQuestion::of(&question, cases));
        // A rewritten set must be valid, or its answer means nothing.
        if names.is_empty() || !generate::is_valid(&asked.set) {
            sorted.unexplained.push(question);
        } else {
            rewritten.push((question, asked.into_case(), names));
        }
    }
    if rewritten.is_empty() {
        return Ok(sorted);
    }
    let plain: Arc<Vec<Case>> = Arc::new(rewritten.iter().map(|(_, case, _)| case.clone()).collect());
    let stage = Stage::open(company, plain.iter().map(|case| &case.set)).await?;
    let answers = compare::ask_all(company, &stage, &plain).await?;
    for ((question, _, names), plain) in rewritten.into_iter().zip(answers) {
        if plain.native == question.module && plain.module == question.module {
            for name in names {
                *sorted.deliberate.entry(name).or_default() += 1;
            }
        } else {
            sorted.unexplained.push(question);
        }
    }
    Ok(sorted)
}

/// The question without the parts that are read differently, and the differences.
fn rewrite(mut asked: SingleQuestion) -> (SingleQuestion, Vec<&'static str>) {
    let mut names = Vec::new();
    for difference in &ALL {
        if (difference.rewrite)(&mut asked) {
            names.push(difference.name);
        }
    }
    (asked, names)
}

impl SingleQuestion {
    pub(crate) fn of(question: &Question, cases: &[Case]) -> Self {
        let (set, visit, request) = question.of(cases);
        Self {
            set: set.clone(),
            visit: Visit {
                requests: Vec::new(),
                ..visit.clone()
            },
            request: request.cloned(),
        }
    }

    /// A case with this one question.
    pub(crate) fn into_case(mut self) -> Case {
        self.visit.requests = self.request.into_iter().collect();
        Case {
            set: self.set,
            visits: vec![self.visit],
        }
    }
}
