//! PW022: a redundant value in a list.
//!
//! A duplicate, or a value that matches nothing that another one does not match.

use std::collections::BTreeMap;

use peerwarden_documents::diagnostic::Severity;
use peerwarden_documents::fix::Change;

use crate::context::Policy;
use crate::lint::{Finder, Finding, Lint};
use crate::pattern::covers;
use crate::values::{List, lists};

pub(crate) const LINT: Lint = Lint {
    code: "PW022",
    name: "repeated-value",
    severity: Severity::Warning,
    summary: "a value that adds nothing to its list",
    page: include_str!("../../../../docs/lints/PW022.md"),
    find: Finder::Policy(find),
};

/// The largest number of pairs that are compared: for a list of thousands of wildcards this would take minutes.
const PAIRS: usize = 250_000;

fn find(policy: &Policy<'_>) -> Vec<Finding> {
    lists(&policy.written).iter().flat_map(of_list).collect()
}

fn of_list(list: &List<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut first = BTreeMap::new();
    // Only a value with a wildcard, or a block, covers more than itself; hosts are case-insensitive.
    let wide = |value: &str| value.contains(['*', '/']) || list.field == "hosts";
    let mut wide: Vec<(usize, &str)> = list
        .values
        .iter()
        .map(String::as_str)
        .enumerate()
        .filter(|(_, value)| wide(value))
        .collect();
    if wide.len().saturating_mul(list.values.len()) > PAIRS {
        wide.clear();
    }
    for (index, value) in list.values.iter().enumerate() {
        if let Some(first) = first.get(value) {
            let message = format!("`{value}` is in one list twice");
            findings.push(superfluous(list, index, message, *first));
            continue;
        }
        first.insert(value, index);
        // If two cover each other, the first stays.
        let covering = wide.iter().find(|(other, by)| {
            by != value
                && !is_meant(by, value)
                && !is_harmless(list, by)
                && covers(list.field, by, value)
                && (*other < index || !covers(list.field, value, by))
        });
        if let Some((other, by)) = covering {
            let message = format!("`{value}` matches only what `{by}` matches too");
            findings.push(superfluous(list, index, message, *other));
        }
    }
    findings
}

/// Whether the wider value is still about some paths or hosts: the other one is there for the reader.
fn is_harmless(list: &List<'_>, by: &str) -> bool {
    matches!(list.field, "paths" | "hosts") && !matches!(by, "*" | "/*" | "/{**}")
}

/// Whether both were written on purpose: `/ready` beside `*/ready`. Of a star inside PW027 says more.
fn is_meant(by: &str, value: &str) -> bool {
    let is_template = value.contains("{*}") || value.contains("{**}");
    let inside = value.strip_prefix('*').unwrap_or(value);
    let inside = inside.strip_suffix('*').unwrap_or(inside);
    by.strip_prefix('*') == Some(value) || inside.contains('*') && !is_template
}

/// Removing it does not change the meaning.
fn superfluous(list: &List<'_>, index: usize, message: String, by: usize) -> Finding {
    Finding::new(
        list.at(index),
        message,
        "remove it, or write the value that you meant",
    )
    .also(list.at(by), "this value matches it too")
    .fix(Change::gone(list.at(index)))
}
