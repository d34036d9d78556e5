//! Whether an answer is the one that a case expects, and why not.

use peerwarden_explain::why::{Asked, Expected};
use peerwarden_traffic::{Answer, Broken};

use crate::case::Case;
use crate::report::{Failure, Outcome};

/// What came of a case; `why` is asked only for what failed.
pub(super) fn judge<'w, 's: 'w>(
    case: &Case,
    answered: Result<Answer, Broken>,
    why: impl FnOnce() -> Option<&'w Asked<'s>>,
) -> Outcome {
    let answer = match answered {
        Ok(answer) => answer,
        Err(Broken(message)) => return Outcome::Broken(message),
    };
    let decided = &answer.decision;
    let by = case.by.as_ref().filter(|by| !by.holds(decided.by.as_ref()));
    if decided.allowed == case.allow && by.is_none() {
        return Outcome::Passed(Box::new(answer));
    }
    let verdict = if case.allow { "allow" } else { "deny" };
    let expected = match &case.by {
        Some(by) => format!("{verdict} by {by}"),
        None => verdict.to_owned(),
    };
    let why = why().map(|asked| {
        let trace = asked.trace(&case.traffic);
        let expected = Expected {
            allow: case.allow,
            by: case.by.as_ref(),
        };
        let mut why = asked.why(&trace, decided, expected);
        why.note = why.note.or_else(|| asked.refusal(&case.traffic));
        why
    });
    Outcome::Failed(Box::new(Failure {
        expected,
        answer,
        why,
    }))
}
