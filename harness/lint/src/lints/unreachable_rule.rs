//! PW013: an ALLOW rule whose traffic DENY rules refuse completely.
//!
//! Proved for all traffic; the engine evaluated the example.

use peerwarden_documents::diagnostic::{Diagnostic, Severity};
use peerwarden_engine::{Protocol, Verdict};

use crate::context::Context;
use crate::context::standing::{NoDecisionReason, Standing};
use crate::lint::{Finder, Finding, Lint};
use crate::proof::{self, Proof};

pub(crate) const LINT: Lint = Lint {
    code: "PW013",
    name: "unreachable-rule",
    severity: Severity::Warning,
    summary: "an ALLOW rule whose traffic DENY rules deny",
    page: include_str!("../../../../docs/lints/PW013.md"),
    find: Finder::All(find),
};

fn find(context: &Context<'_>) -> Vec<Diagnostic> {
    let idle = context.idle_rules().iter();
    idle.filter_map(|standing| of(context, standing)).collect()
}

fn of(context: &Context<'_>, standing: &Standing) -> Option<Diagnostic> {
    let NoDecisionReason::Refused { matches, by } = &standing.why else {
        return None;
    };
    let program = standing.group.program(Protocol::Http)?;
    let proof = Proof::of(&program, matches, |decision| decision.verdict == Verdict::Deny)?;
    let (policy, rule) = (standing.policy(context), standing.rule());
    let message = format!(
        "rule {rule} lets nobody in: everything that it allows is denied by {}",
        proof::rules(by)
    );
    let help = "make the DENY narrower, with a `not…` field; no ALLOW can make an exception to it";
    let finding = Finding::new(policy.rule_path(rule), message, help).shown(&proof);
    let mut found = finding.in_policy(&LINT, policy);
    for (other, index) in by.iter().filter_map(|by| standing.other(context, by)).take(3) {
        let place = other.document.place(&other.rule_path(index), false);
        found = found.also(place, "denied here");
    }
    Some(found)
}
