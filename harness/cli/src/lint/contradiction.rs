//! PW003: a value that a field and its `not…` twin both name.
//!
//! What the field admits the twin takes away, so the value matches nothing.

use peerwarden_engine::resource::Field;

use super::{Find, Finding, Lint, Policy};
use crate::diagnostic::Severity;

pub(super) const LINT: Lint = Lint {
    code: "PW003",
    name: "contradiction",
    severity: Severity::Warning,
    summary: "a value that a field and its `not…` twin both name",
    page: include_str!("../../../../docs/lints/PW003.md"),
    find: Find::Policy(find),
};

fn find(policy: &Policy<'_>) -> Vec<Finding> {
    let policy = &policy.written;
    let mut findings = Vec::new();
    for (rule_index, rule) in policy.rules.iter().flatten().enumerate() {
        for (index, source) in rule.from.iter().flatten().enumerate() {
            let place = format!("spec.rules[{rule_index}].from[{index}].source");
            findings.extend(source.fields().flat_map(|field| of_field(&field, &place)));
        }
        for (index, operation) in rule.to.iter().flatten().enumerate() {
            let place = format!("spec.rules[{rule_index}].to[{index}].operation");
            findings.extend(operation.fields().flat_map(|field| of_field(&field, &place)));
        }
    }
    findings
}

fn of_field(field: &Field<'_>, place: &str) -> Vec<Finding> {
    let twice = field
        .values
        .iter()
        .filter(|value| field.not_values.contains(value));
    twice
        .filter_map(|value| {
            let index = field.not_values.iter().position(|other| other == value)?;
            Some(Finding::new(
                format!("{place}.{}[{index}]", field.not_name),
                format!(
                    "`{value}` stands in `{}` and in `{}`: it matches nothing",
                    field.name, field.not_name
                ),
                "keep it in one of them",
            ))
        })
        .collect()
}
