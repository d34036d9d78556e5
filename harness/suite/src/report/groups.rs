//! Groups failures with the same cause, so that people see the cause once and not each failed case.

use peerwarden_traffic::{Decision, RuleRef};

use super::{CaseOutcome, CaseResult, Failure};

/// Failures of a suite with the same cause.
pub(super) struct Group<'r> {
    cause: Cause<'r>,
    /// The cases, in the order of the suite.
    pub(super) cases: Vec<&'r CaseResult>,
}

/// The common properties of failures: the expectation, the rule that decided, and the rule that came closest.
#[derive(PartialEq, Eq)]
struct Cause<'r> {
    expected: &'r str,
    decision: &'r Decision,
    /// `None` also if the failure was not explained.
    near_miss: Option<&'r RuleRef>,
}

impl<'r> Cause<'r> {
    fn of(failure: &'r Failure) -> Self {
        let near_miss = failure.why.as_ref().and_then(|why| why.near_miss.as_ref());
        Self {
            expected: &failure.expected,
            decision: &failure.answer.decision,
            near_miss: near_miss.map(|near| &near.rule),
        }
    }
}

impl Group<'_> {
    /// Whether this is its first case.
    pub(super) fn begins_with(&self, case: &CaseResult) -> bool {
        self.cases.first().is_some_and(|first| std::ptr::eq(*first, case))
    }

    /// The common properties of the failures, for people.
    pub(super) fn cause(&self) -> String {
        let Cause {
            expected,
            decision,
            near_miss,
        } = &self.cause;
        let near = near_miss.map(|rule| format!(", near miss {rule}"));
        format!("expected {expected}, got {decision}{}", near.unwrap_or_default())
    }
}

/// The failed cases of a suite by cause, in the order of the first of each. A failure that was not explained, because
/// there were too many before, belongs to the first group with the same decision.
pub(super) fn of(cases: &[CaseResult]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for case in cases {
        let CaseOutcome::Failed(failure) = &case.outcome else {
            continue;
        };
        let cause = Cause::of(failure);
        let is_same = |group: &&mut Group<'_>| match failure.why {
            Some(_) => group.cause == cause,
            None => (group.cause.expected, group.cause.decision) == (cause.expected, cause.decision),
        };
        match groups.iter_mut().find(is_same) {
            Some(group) => group.cases.push(case),
            None => groups.push(Group {
                cause,
                cases: vec![case],
            }),
        }
    }
    groups
}
