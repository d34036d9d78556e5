//! Compares the outcome in a log with the verdict of policies. If they contradict each other, the proxy that wrote the
//! log runs other policies, and the rest of an explanation would mislead.

use peerwarden_engine::reference::Trace;
use peerwarden_traffic::{Decision, RuleRef};

use crate::explanation::{Explanation, LineVerdict, LoggedOutcome, Subject};

/// The result of the comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// Whether they agree; `None` if the verdict depends on values that the line does not show.
    pub agrees: Option<bool>,
    /// A sentence for people.
    pub text: String,
}

impl Comparison {
    /// `None` for traffic, and for a line without the outcome.
    pub fn of(explained: &Explanation<'_>) -> Option<Self> {
        let Subject::Line(line, verdict) = &explained.subject else {
            return None;
        };
        let logged = line.logged.as_ref()?;
        let said = said(logged);
        Some(match (logged, verdict) {
            (_, LineVerdict::Hangs(_)) => Self {
                agrees: None,
                text: format!("the log says {said}"),
            },
            (LoggedOutcome::Allowed, LineVerdict::Decided(Decision { allowed: true, .. })) => Self {
                agrees: Some(true),
                text: "the log agrees: allowed".to_owned(),
            },
            (LoggedOutcome::Denied(by), LineVerdict::Decided(decided @ Decision { allowed: false, .. })) => {
                denied(by, decided, explained.trace)
            }
            (LoggedOutcome::Allowed, LineVerdict::Decided(Decision { allowed: false, .. })) => Self {
                agrees: Some(false),
                text: "the log says allowed, but these policies deny it: that proxy runs other policies"
                    .to_owned(),
            },
            (LoggedOutcome::Denied(_), LineVerdict::Decided(Decision { allowed: true, .. })) => Self {
                agrees: Some(false),
                text: format!(
                    "the log says {said}, but these policies allow it: that proxy runs other policies"
                ),
            },
        })
    }
}

/// The outcome in the log, in words.
fn said(logged: &LoggedOutcome) -> String {
    match logged {
        LoggedOutcome::Allowed => "allowed".to_owned(),
        LoggedOutcome::Denied(by) if by == "none" => "denied, because no rule matched".to_owned(),
        LoggedOutcome::Denied(by) => format!("denied by {by}"),
    }
}

/// Both deny. The same request may match several rules, so a different rule proves nothing, but a rule that does not
/// exist does.
fn denied(by: &str, decided: &Decision, trace: &Trace) -> Comparison {
    let rules = trace.policies.iter().flat_map(|policy| {
        policy
            .rules
            .iter()
            .map(|rule| format!("{}/{}[{}]", policy.namespace, policy.name, rule.index))
    });
    let is_rule = by.contains('/') && by.ends_with(']');
    let own = decided.by.as_ref().map(RuleRef::to_string);
    if is_rule && !rules.into_iter().any(|rule| rule == by) {
        return Comparison {
            agrees: Some(false),
            text: format!(
                "the log says denied by {by}, which is not among these policies: that proxy has others"
            ),
        };
    }
    let text = match own {
        Some(own) if is_rule && own != by => {
            format!("the log says denied by {by}; these policies deny it too, by {own}")
        }
        _ => "the log agrees: denied".to_owned(),
    };
    Comparison {
        agrees: Some(true),
        text,
    }
}
