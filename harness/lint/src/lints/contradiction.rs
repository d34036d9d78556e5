//! PW003: a value in both a field and its `not…` twin.
//!
//! The twin excludes what the field allows, so the value matches nothing.

use std::collections::HashSet;

use peerwarden_documents::diagnostic::Severity;

use crate::context::Policy;
use crate::lint::{Finder, Finding, Lint};
use crate::values::lists;

pub(crate) const LINT: Lint = Lint {
    code: "PW003",
    name: "contradiction",
    severity: Severity::Warning,
    summary: "a value in a field and in its `not…` counterpart",
    page: include_str!("../../../../docs/lints/PW003.md"),
    find: Finder::Policy(find),
};

fn find(policy: &Policy<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    // A list and its twin come one after the other.
    for pair in lists(&policy.written).windows(2) {
        let [list, twin] = pair else { continue };
        if list.part() != twin.part() || list.field != twin.field || list.negative || !twin.negative {
            continue;
        }
        let values: HashSet<&String> = list.values.iter().collect();
        for (index, value) in twin
            .values
            .iter()
            .enumerate()
            .filter(|(_, value)| values.contains(value))
        {
            let (name, twin_name) = (list.key(), twin.key());
            let message = format!("`{value}` is in both `{name}` and `{twin_name}`, so it matches nothing");
            let finding = Finding::new(twin.at(index), message, "remove it from one of them");
            let other = list.values.iter().position(|other| other == value);
            findings.push(match other {
                Some(other) => finding.also(list.at(other), "the other one"),
                None => finding,
            });
        }
    }
    findings
}
