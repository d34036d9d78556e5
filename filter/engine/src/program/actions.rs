//! The DENY and ALLOW rules.

use super::answers::Answers;
use super::index::Goal;
use super::rules::Rules;
use super::truth::Doubt;
use crate::config::Report;
use crate::decision::{Decision, Reason, RuleId, Verdict};
use crate::policy::Policy;
use crate::resource::Action;

/// The rules that decide once the mode does not.
#[derive(Debug, Clone)]
pub(super) struct Actions {
    pub(super) deny: Rules,
    /// `None` when no ALLOW policy applies; one without usable rules still counts.
    pub(super) allow: Option<Rules>,
}

impl Actions {
    pub(super) fn of(policies: &[&Policy]) -> Self {
        let allow = || of_action(policies, Action::Allow);
        Self {
            deny: Rules::new(of_action(policies, Action::Deny)),
            allow: allow().next().map(|_| Rules::new(allow())),
        }
    }

    pub(super) fn decide(&self, answers: &Answers<'_>, report: Report) -> Decision<'_> {
        if let Some(by) = self.deny.first_match(answers, Doubt::Matches) {
            return Decision {
                verdict: Verdict::Deny,
                by: Some(by),
                reason: Reason::DenyRule,
            };
        }
        let Some(allow) = &self.allow else {
            return Decision {
                verdict: Verdict::Allow,
                by: None,
                reason: Reason::NoAllowPolicy,
            };
        };
        let wanted = match report {
            Report::All => Goal::First,
            Report::Denied => Goal::Any,
        };
        match allow.a_match(answers, Doubt::DoesNotMatch, wanted) {
            Some(by) => Decision {
                verdict: Verdict::Allow,
                by: Some(by),
                reason: Reason::AllowRule,
            },
            None => Decision {
                verdict: Verdict::Deny,
                by: None,
                reason: Reason::NoAllowRuleMatched,
            },
        }
    }
}

pub(super) fn of_action<'p>(policies: &[&'p Policy], action: Action) -> impl Iterator<Item = &'p Policy> {
    policies
        .iter()
        .copied()
        .filter(move |policy| policy.action == action)
}

pub(super) fn denied(by: &RuleId, reason: Reason) -> Decision<'_> {
    Decision {
        verdict: Verdict::Deny,
        by: Some(by),
        reason,
    }
}
