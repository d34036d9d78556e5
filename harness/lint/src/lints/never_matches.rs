//! PW014: a rule whose fields and conditions contradict each other.
//!
//! Proved for all HTTP traffic: no request can match the rule. `reason` finds the fields responsible.

mod reason;

use peerwarden_documents::diagnostic::{Diagnostic, Severity};
use peerwarden_engine::resource::Action;

use crate::context::Context;
use crate::context::standing::{NoDecisionReason, Standing};
use crate::lint::{Finder, Finding, Lint};
use reason::Reason;

pub(crate) const LINT: Lint = Lint {
    code: "PW014",
    name: "never-matches",
    severity: Severity::Warning,
    summary: "a rule that no request can match",
    page: include_str!("../../../../docs/lints/PW014.md"),
    find: Finder::All(find),
};

fn find(context: &Context<'_>) -> Vec<Diagnostic> {
    let idle = context.idle_rules().iter();
    idle.filter_map(|standing| of(context, standing)).collect()
}

fn of(context: &Context<'_>, standing: &Standing) -> Option<Diagnostic> {
    match standing.why {
        NoDecisionReason::NeverMatches => {}
        NoDecisionReason::Refused { .. } | NoDecisionReason::Shadowed { .. } => return None,
    }
    let policy = standing.policy(context);
    let rule = standing.rule();
    let so = match policy.written.action {
        Action::Deny => "it denies nothing",
        Action::Allow | Action::Audit | Action::Custom => "it lets nobody in",
    };
    let (because, help) = match reason::of(policy, rule) {
        Reason::Reported => return None,
        Reason::One(list) if list.negative => (
            format!("`{}` excludes every request", list.name()),
            "remove the value that matches everything",
        ),
        Reason::One(list) => (
            format!("no request has any of the values of `{}`", list.name()),
            "write values that a request can have, or remove the field",
        ),
        Reason::Two(one, other) => (
            format!("`{}` and `{}` contradict each other", one.name(), other.name()),
            HELP,
        ),
        Reason::Unknown => ("its fields and conditions contradict each other".to_owned(), HELP),
    };
    let message = format!("no request can match rule {rule}: {because}, so {so}");
    let finding = Finding::new(policy.rule_path(rule), message, help);
    Some(
        finding
            .grave_if(policy.written.action == Action::Deny)
            .in_policy(&LINT, policy),
    )
}

const HELP: &str = "all fields of a source, an operation and `when` must match; write alternatives as values of one \
                    field, or as separate rules";
