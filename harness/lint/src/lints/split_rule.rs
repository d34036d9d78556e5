//! PW038: one rule split in two by a dash.
//!
//! The parts of a rule are ANDed, and rules are ORed: with `- from` and `- to`, the first rule matches every request
//! from these callers, and the second these requests from anyone.

use peerwarden_documents::diagnostic::Severity;
use peerwarden_engine::resource::{Action, Rule, Source};

use crate::comments;
use crate::context::Policy;
use crate::lint::{Finder, Finding, Lint};
use crate::public::is_public;

pub(crate) const LINT: Lint = Lint {
    code: "PW038",
    name: "split-rule",
    severity: Severity::Warning,
    summary: "a rule that one dash too many makes two",
    page: include_str!("../../../../docs/lints/PW038.md"),
    find: Finder::Policy(find),
};

fn find(policy: &Policy<'_>) -> Vec<Finding> {
    let rules: Vec<&Rule> = policy.written.rules.iter().flatten().collect();
    let does = match policy.written.action {
        Action::Allow => "allows",
        Action::Deny => "denies",
        Action::Audit | Action::Custom => return Vec::new(),
    };
    let mut found = Vec::new();
    for (index, pair) in rules.windows(2).enumerate() {
        let [first, second] = pair else { continue };
        if !(is_only_from(first) && is_without_from(second))
            || is_public(second)
            || is_exception(second)
            || is_for_those_without_token(first, second)
            || comments::is_above(policy.document, &Rule::path(index + 1))
        {
            continue;
        }
        let part = if second.to.is_some() { "to" } else { "when" };
        let message = format!(
            "rule {} has no `from` and {does} anybody, and rule {index} has only `from` and {does} everything",
            index + 1
        );
        let help = format!(
            "remove the dash in front of `{part}`, so that both are one rule; if two are meant, put the one without `from` first"
        );
        found.push(
            Finding::new(Rule::path(index + 1), message, help)
                .also(Rule::path(index), "rule with `from` alone"),
        );
    }
    found
}

/// Whether it has a condition on what must not be there, and no operation: "and whoever sends no such header".
fn is_exception(rule: &Rule) -> bool {
    rule.to.is_none() && rule.when.iter().any(|condition| condition.values.is_empty())
}

/// "With a token everything, without one these paths."
fn is_for_those_without_token(first: &Rule, second: &Rule) -> bool {
    let mut sources = first.from.iter().flatten();
    let any_token = |source: &Source| source.request_principals == ["*"] && source.principals.is_empty();
    let has_paths = second
        .to
        .iter()
        .flatten()
        .all(|operation| !operation.paths.is_empty());
    sources.all(any_token) && second.to.is_some() && has_paths
}

fn is_only_from(rule: &Rule) -> bool {
    rule.from.is_some() && rule.to.is_none() && rule.when.is_empty()
}

fn is_without_from(rule: &Rule) -> bool {
    rule.from.is_none() && (rule.to.is_some() || !rule.when.is_empty())
}
