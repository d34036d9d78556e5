//! PW003: a value that a field and its `not…` twin both name.
//!
//! What the field admits the twin takes away, so the value matches nothing.

use peerwarden_engine::resource::{AuthorizationPolicy, Field};

use super::Finding;

pub(super) fn find(policy: &AuthorizationPolicy) -> Vec<Finding> {
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
            Some(Finding {
                path: format!("{place}.{}[{index}]", field.not_name),
                message: format!(
                    "`{value}` stands in `{}` and in `{}`: it matches nothing",
                    field.name, field.not_name
                ),
                help: "keep it in one of them",
            })
        })
        .collect()
}
