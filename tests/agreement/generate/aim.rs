//! A rule that a request should match.

use fastrand::Rng;
use serde_json::Value;

use super::values;
use super::{one_of, percent, pick};

/// One entry from each part of a rule.
#[derive(Debug, Clone, Default)]
pub(super) struct Aim {
    source: Value,
    operation: Value,
    conditions: Vec<Value>,
}

impl Aim {
    pub(super) fn at_any(rng: &mut Rng, policies: &[Value]) -> Self {
        let rules: Vec<&Value> = policies
            .iter()
            .filter_map(|policy| policy["spec"]["rules"].as_array())
            .flatten()
            .collect();
        if rules.is_empty() {
            return Self::default();
        }
        // The first is the set's subject.
        let rule = if percent(rng, 40) {
            rules[0]
        } else {
            pick(rng, &rules)
        };
        let mut entry = |part: &str, inner: &str| match rule[part].as_array() {
            Some(entries) if !entries.is_empty() => one_of(rng, entries)[inner].clone(),
            _ => Value::Null,
        };
        Self {
            source: entry("from", "source"),
            operation: entry("to", "operation"),
            conditions: rule["when"].as_array().cloned().unwrap_or_default(),
        }
    }

    /// A required value in the first of these fields that the rule has.
    pub(super) fn value(&self, rng: &mut Rng, fields: &[&str]) -> Option<&str> {
        fields.iter().find_map(|field| self.of_field(rng, field))
    }

    fn of_field(&self, rng: &mut Rng, field: &str) -> Option<&str> {
        let condition = self.conditions.iter().find(|condition| condition["key"] == field);
        let lists = [
            &self.source[field],
            &self.operation[field],
            condition.map_or(&Value::Null, |condition| &condition["values"]),
        ];
        let values: Vec<&Value> = lists.into_iter().filter_map(Value::as_array).flatten().collect();
        if values.is_empty() {
            return None;
        }
        pick(rng, &values).as_str()
    }

    /// The conditions whose key begins like this, each with the text in its brackets and one of its values.
    pub(super) fn bracketed<'a>(&'a self, rng: &mut Rng, start: &str) -> Vec<(&'a str, String)> {
        let mut found = Vec::new();
        for condition in &self.conditions {
            let name = condition["key"]
                .as_str()
                .and_then(|key| key.strip_prefix(start)?.strip_suffix(']'));
            let wanted = condition["values"].as_array();
            if let (Some(name), Some(wanted)) = (name, wanted) {
                let value = one_of(rng, wanted).as_str().unwrap_or_default();
                found.push((name, values::matching(rng, value, "x")));
            }
        }
        found
    }
}
