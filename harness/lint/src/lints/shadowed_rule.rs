//! PW012: a rule whose traffic other rules of the same action match completely.
//!
//! Proved for all traffic, on HTTP and on TCP; the engine evaluated the example without the rule.

use std::collections::BTreeMap;

use peerwarden_documents::count::counted;
use peerwarden_documents::diagnostic::{Diagnostic, Severity};
use peerwarden_engine::resource::{Action, Rule};
use peerwarden_engine::{RuleId, Traffic, Verdict};

use crate::comments;
use crate::context::standing::{NoDecisionReason, Place, Standing};
use crate::context::{Context, Policy};
use crate::lint::{Finder, Finding, Lint};
use crate::proof::{self, Proof};
use crate::public;

pub(crate) const LINT: Lint = Lint {
    code: "PW012",
    name: "shadowed-rule",
    severity: Severity::Warning,
    summary: "a rule that decides nothing",
    page: include_str!("../../../../docs/lints/PW012.md"),
    find: Finder::All(find),
};

fn find(context: &Context<'_>) -> Vec<Diagnostic> {
    let shadowed = context
        .idle_rules()
        .iter()
        .filter_map(|standing| ShadowedRule::of(context, standing));
    // One wide rule may make many others needless: it is the cause, and told once.
    let mut by_one: BTreeMap<Place, Vec<ShadowedRule<'_, '_>>> = BTreeMap::new();
    let mut found = Vec::new();
    for shadowed in shadowed {
        match shadowed.cause {
            Some(cause) => by_one.entry(cause).or_default().push(shadowed),
            None => found.extend(shadowed.told(context)),
        }
    }
    for (cause, shadowed) in by_one {
        match shadowed.as_slice() {
            [alone] => found.extend(alone.told(context)),
            [first, ..] => found.extend(first.told_with(context, cause, &shadowed)),
            [] => {}
        }
    }
    found
}

/// A rule that decides nothing.
struct ShadowedRule<'c, 'd> {
    standing: &'c Standing,
    policy: &'c Policy<'d>,
    matches: &'c Traffic,
    by: &'c [RuleId],
    /// The one rule that matches all that it matches, if one does.
    cause: Option<Place>,
}

impl<'c, 'd> ShadowedRule<'c, 'd> {
    /// Nothing of what was written on purpose.
    fn of(context: &'c Context<'d>, standing: &'c Standing) -> Option<Self> {
        let NoDecisionReason::Shadowed { matches, by } = &standing.why else {
            return None;
        };
        let policy = standing.policy(context);
        let cause = match by.as_slice() {
            [by] => standing.group.place(by),
            _ => None,
        };
        let is_of_own_policy = cause.is_some_and(|(policy, _)| policy == standing.place().0);
        // PW049 says more about what is attached to a gateway or a waypoint.
        let is_told_elsewhere = !policy.written.target_refs.is_empty() && !is_of_own_policy;
        let rule = policy.written.rules.iter().flatten().nth(standing.rule())?;
        // Of two that deny everything, it does not matter which does.
        let is_deny_all = policy.written.action == Action::Deny && public::is_empty(rule);
        let of_other_cluster = || {
            let mut others = by.iter().filter_map(|by| standing.other(context, by));
            others.any(|(other, _)| is_of_other_cluster(policy, other))
        };
        let is_on_purpose = public::is_public(rule)
            || of_other_cluster()
            || is_deny_all
            || cause.is_some_and(|cause| is_reasoned(context, cause, is_of_own_policy));
        (!is_told_elsewhere && !is_on_purpose).then_some(Self {
            standing,
            policy,
            matches,
            by,
            cause,
        })
    }

    fn verdict(&self) -> (Verdict, &'static str) {
        match self.policy.written.action {
            Action::Deny => (Verdict::Deny, "denied"),
            Action::Allow | Action::Audit | Action::Custom => (Verdict::Allow, "allowed"),
        }
    }

    /// What is decided without it.
    fn proof(&self, context: &Context<'_>) -> Option<Proof> {
        let group = &self.standing.group;
        let without = group.without(self.standing.place())?;
        let (verdict, _) = self.verdict();
        let matches = context.let_in(group.workload()?, self.matches);
        Proof::of(&without, &matches, |decision| decision.verdict == verdict)
    }

    /// At the rule itself.
    fn told(&self, context: &Context<'_>) -> Option<Diagnostic> {
        let rule = self.standing.rule();
        let message = format!(
            "rule {rule} decides nothing: everything it matches is also {} by {}",
            self.verdict().1,
            proof::rules(self.by)
        );
        let help = "remove it; or, if only this rule should apply, make the other one narrower";
        let finding =
            Finding::new(self.policy.rule_path(rule), message, help).shown_without(&self.proof(context)?);
        let mut found = finding.in_policy(&LINT, self.policy);
        let others = self.by.iter().filter_map(|by| self.standing.other(context, by));
        for (other, index) in others.take(3) {
            let place = other.document.place(&other.rule_path(index), false);
            found = found.also(place, "by this rule");
        }
        Some(found)
    }

    /// At the rule that makes several needless.
    fn told_with(&self, context: &Context<'_>, (cause, rule): Place, all: &[Self]) -> Option<Diagnostic> {
        let policy = context.policies.get(cause)?;
        let message = format!(
            "{} decide nothing: everything they match is also {} by rule {rule} of this policy",
            counted(all.len() as u64, "rule"),
            self.verdict().1,
        );
        let help = "make this rule narrower; or, if it is meant so, remove the others";
        let finding =
            Finding::new(policy.rule_path(rule), message, help).shown_without(&self.proof(context)?);
        let mut found = finding.in_policy(&LINT, policy);
        for other in all.iter().take(3) {
            let place = other
                .policy
                .document
                .place(&other.policy.rule_path(other.standing.rule()), false);
            found = found.also(place, "decides nothing");
        }
        Some(found)
    }
}

/// Whether the comment above a rule that lets anybody in says why, and who reads it sees the other rules too; or it is an allow-all.
fn is_reasoned(context: &Context<'_>, (policy, index): Place, is_of_own_policy: bool) -> bool {
    let Some(policy) = context.policies.get(policy) else {
        return false;
    };
    let rule = policy.written.rules.iter().flatten().nth(index);
    let is_wide = rule.is_some_and(|rule| public::is_empty(rule) || is_of_own_policy && rule.from.is_none());
    is_wide && comments::is_above(policy.document, &Rule::path(index))
}

/// Whether one file has policies of several clusters, and the comments above these two name different ones: `# Cluster A: …`.
fn is_of_other_cluster(policy: &Policy<'_>, other: &Policy<'_>) -> bool {
    let cluster = |policy: &Policy<'_>| {
        let place = policy.document.place(&[], true);
        let lines = comments::above(&place);
        lines.iter().find_map(|line| {
            let text = line.trim_start_matches(['#', ' ', '-', '=']).to_ascii_lowercase();
            let rest = text
                .strip_prefix("cluster")?
                .trim_start_matches([' ', '-', '_'])
                .to_owned();
            let name: String = rest
                .chars()
                .take_while(|letter| letter.is_ascii_alphanumeric())
                .collect();
            (!name.is_empty()).then_some(name)
        })
    };
    let is_one_file = policy.document.source.name == other.document.source.name;
    is_one_file && matches!((cluster(policy), cluster(other)), (Some(own), Some(other)) if own != other)
}
