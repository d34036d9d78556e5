//! PW014: a rule whose fields and conditions contradict each other.
//!
//! Proved of all HTTP traffic: no request can have what the rule asks for.

use peerwarden_documents::diagnostic::{Diagnostic, Severity};
use peerwarden_engine::resource::Action;

use crate::context::Context;
use crate::context::standing::{Standing, Why};
use crate::lint::{Find, Finding, Lint};

pub(crate) const LINT: Lint = Lint {
    code: "PW014",
    name: "never-matches",
    severity: Severity::Warning,
    summary: "a rule that no request can match",
    page: include_str!("../../../../docs/lints/PW014.md"),
    find: Find::All(find),
};

fn find(context: &Context<'_>) -> Vec<Diagnostic> {
    let idle = context.idle_rules().iter();
    idle.filter_map(|standing| of(context, standing)).collect()
}

fn of(context: &Context<'_>, standing: &Standing) -> Option<Diagnostic> {
    match standing.why {
        Why::NeverMatches => {}
        Why::Refused { .. } | Why::Shadowed { .. } => return None,
    }
    let policy = standing.policy(context);
    let rule = standing.rule();
    let so = match policy.written.action {
        Action::Deny => "it denies nothing",
        Action::Allow | Action::Audit | Action::Custom => "it lets nobody in",
    };
    let message =
        format!("no request can match rule {rule}: its fields and conditions contradict each other, so {so}");
    let help = "all fields of a source, an operation and `when` must match; write alternatives as values of one \
                field, or as separate rules";
    Some(Finding::new(policy.rule_path(rule), message, help).in_policy(&LINT, policy))
}
