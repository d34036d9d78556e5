//! PW012: a rule whose traffic other rules of the same action match completely.
//!
//! Proved for all traffic, on HTTP and on TCP; the engine evaluated the example without the rule.

use peerwarden_documents::diagnostic::{Diagnostic, Severity};
use peerwarden_engine::Verdict;
use peerwarden_engine::resource::Action;

use crate::context::Context;
use crate::context::standing::{NoDecisionReason, Standing};
use crate::lint::{Finder, Finding, Lint};
use crate::proof::Proof;

pub(crate) const LINT: Lint = Lint {
    code: "PW012",
    name: "shadowed-rule",
    severity: Severity::Warning,
    summary: "a rule that decides nothing",
    page: include_str!("../../../../docs/lints/PW012.md"),
    find: Finder::All(find),
};

fn find(context: &Context<'_>) -> Vec<Diagnostic> {
    let idle = context.idle_rules().iter();
    idle.filter_map(|standing| of(context, standing)).collect()
}

fn of(context: &Context<'_>, standing: &Standing) -> Option<Diagnostic> {
    let NoDecisionReason::Shadowed { matches, by } = &standing.why else {
        return None;
    };
    let policy = standing.policy(context);
    let (verdict, decided) = match policy.written.action {
        Action::Deny => (Verdict::Deny, "denied"),
        Action::Allow | Action::Audit | Action::Custom => (Verdict::Allow, "allowed"),
    };
    let without = standing.group.without(standing.place())?;
    let proof = Proof::of(&without, matches, |decision| decision.verdict == verdict)?;
    let rule = standing.rule();
    let message = format!(
        "rule {rule} decides nothing: everything it matches is also {decided} by {}",
        crate::proof::rules(by)
    );
    let help = "remove it; or, if only this rule should apply, make the other one narrower";
    let finding = Finding::new(policy.rule_path(rule), message, help).shown_without(&proof);
    let mut found = finding.in_policy(&LINT, policy);
    for (other, index) in by.iter().filter_map(|by| standing.other(context, by)).take(3) {
        let place = other.document.place(&other.rule_path(index), false);
        found = found.also(place, "by this rule");
    }
    Some(found)
}
