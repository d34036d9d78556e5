//! The clauses that a rule cannot match without.

use crate::policy::{Clause, Rule};

/// The clauses without which the rule does not match: there is no other alternative.
pub(super) fn required(rule: &Rule) -> impl Iterator<Item = &Clause> {
    let parts = [single(&rule.sources), single(&rule.operations), &rule.conditions];
    parts.into_iter().flatten()
}

fn single(alternatives: &[Vec<Clause>]) -> &[Clause] {
    match alternatives {
        [clauses] => clauses,
        [] | [_, ..] => &[],
    }
}
