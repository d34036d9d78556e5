//! Compares the answer to a case with the expected one, and explains the difference.

use peerwarden_explain::diagnosis::{Expectation, Explainer};
use peerwarden_traffic::{Answer, EngineFailure};

use crate::case::Case;
use crate::report::{CaseOutcome, Failure};

/// The outcome of a case; `why` is called only if it failed.
pub(super) fn judge<'w, 's: 'w>(
    case: &Case,
    answered: Result<Answer, EngineFailure>,
    why: impl FnOnce() -> Option<&'w Explainer<'s>>,
) -> CaseOutcome {
    let answer = match answered {
        Ok(answer) => answer,
        Err(EngineFailure(message)) => return CaseOutcome::Broken(message),
    };
    let decided = &answer.decision;
    let by = case.by.as_ref().filter(|by| !by.holds(decided.by.as_ref()));
    if decided.allowed == case.allow && by.is_none() {
        return CaseOutcome::Passed(Box::new(answer));
    }
    let verdict = if case.allow { "allow" } else { "deny" };
    let expected = match &case.by {
        Some(by) => format!("{verdict} by {by}"),
        None => verdict.to_owned(),
    };
    let why = why().map(|explainer| {
        let trace = explainer.trace(&case.traffic);
        let expected = Expectation {
            allow: case.allow,
            by: case.by.as_ref(),
        };
        let mut why = explainer.diagnose(&trace, decided, expected);
        let before = || {
            explainer
                .refusal(&case.traffic)
                .or_else(|| explainer.refused_token(&case.traffic))
        };
        why.note = why.note.or_else(before);
        why
    });
    CaseOutcome::Failed(Box::new(Failure {
        expected,
        answer,
        why,
    }))
}
