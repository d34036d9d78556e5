//! Whether a verdict depends on one rule, or on one clause of it: whether it would change if the rule or clause had
//! turned out differently.

use peerwarden_engine::RuleId;
use peerwarden_engine::reference::{
    ClauseResult, ClauseTrace, PartTrace, PolicyTrace, RuleTrace, TcpReading, Trace,
};
use peerwarden_engine::resource::Action;

use super::Group;

/// How a case was decided, action by action.
pub(super) struct Tally<'t> {
    by: Option<&'t RuleId>,
    audited: Option<&'t RuleId>,
    /// Whether mutual TLS or an external authorizer refused it, so that no DENY or ALLOW rule matters.
    refused: bool,
    /// Whether an external authorizer refused it, called because of a rule that matched.
    refused_by_custom: bool,
    any_allow: bool,
    /// Number of rules that matched.
    denies: usize,
    allows: usize,
    audits: usize,
    customs: usize,
}

impl<'t> Tally<'t> {
    pub(super) fn of(trace: &'t Trace) -> Self {
        let refusing = trace.custom.iter().find(|custom| custom.refused.is_some());
        let custom = refusing.is_some();
        let mut tally = Self {
            by: trace.outcome.by.as_ref(),
            audited: trace.audited.as_ref(),
            refused: custom || trace.mode.refused.is_some(),
            refused_by_custom: custom,
            any_allow: false,
            denies: 0,
            allows: 0,
            audits: 0,
            customs: 0,
        };
        for policy in trace.policies.iter().filter(|policy| counts(policy)) {
            let matched = policy.rules.iter().filter(|rule| rule.matched).count();
            match policy.action {
                Action::Deny => tally.denies += matched,
                Action::Allow => {
                    tally.any_allow = true;
                    tally.allows += matched;
                }
                Action::Audit => tally.audits += matched,
                Action::Custom => tally.customs += matched,
            }
        }
        tally
    }

    /// Whether this is the rule that is reported.
    pub(super) fn decided(&self, policy: &PolicyTrace, rule: &RuleTrace) -> bool {
        let by = match policy.action {
            Action::Audit => self.audited,
            Action::Allow | Action::Deny | Action::Custom => self.by,
        };
        by.is_some_and(|by| {
            (&*by.namespace, &*by.name, by.rule) == (&*policy.namespace, &*policy.name, Some(rule.index))
        })
    }

    /// Whether the verdict would change if this rule turned out differently; for AUDIT, whether the case would be
    /// marked.
    pub(super) fn turns(&self, policy: &PolicyTrace, rule: &RuleTrace) -> bool {
        if !counts(policy) {
            return false;
        }
        let allowed = !self.any_allow || self.allows > 0;
        let only = |matched| !rule.matched || matched == 1;
        match policy.action {
            Action::Deny => {
                !self.refused && allowed && (self.denies == 0 || rule.matched && self.denies == 1)
            }
            Action::Allow => {
                !self.refused && self.denies == 0 && (self.allows == 0 || rule.matched && self.allows == 1)
            }
            Action::Audit => !self.refused && (self.audits == 0 || only(self.audits) && rule.matched),
            // The authorizer's answer is unknown for a case in which it was not called.
            Action::Custom => self.refused_by_custom && rule.matched && self.customs == 1,
        }
    }
}

/// Whether a policy has an effect here.
fn counts(policy: &PolicyTrace) -> bool {
    policy.not_applied.is_none() && !policy.dry_run
}

/// Whether the rule would turn out differently if this clause did.
pub(super) fn turns_rule(rule: &RuleTrace, group: Group, part: &PartTrace, clause: &ClauseTrace) -> bool {
    if rule.tcp == TcpReading::Dropped || clause.result == ClauseResult::HttpOnly {
        return false;
    }
    let others_hold = part
        .clauses
        .iter()
        .filter(|other| !std::ptr::eq(*other, clause))
        .all(|other| matches!(other.result, ClauseResult::Held | ClauseResult::HttpOnly));
    let any = |parts: &[PartTrace]| parts.is_empty() || parts.iter().any(|part| part.matched);
    let none_but = |parts: &[PartTrace]| {
        parts
            .iter()
            .all(|other| std::ptr::eq(other, part) || !other.matched)
    };
    let all_but = |parts: &[PartTrace]| {
        parts
            .iter()
            .all(|other| std::ptr::eq(other, part) || other.matched)
    };
    let everything_else = match group {
        Group::Sources => none_but(&rule.sources) && any(&rule.operations) && all_but(&rule.conditions),
        Group::Operations => any(&rule.sources) && none_but(&rule.operations) && all_but(&rule.conditions),
        Group::Conditions => any(&rule.sources) && any(&rule.operations) && all_but(&rule.conditions),
    };
    others_hold && everything_else
}
