//! The policy as text, and what it allows beyond the observed traffic.

use std::collections::BTreeMap;
use std::fmt::Write;

use peerwarden_documents::count::counted;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::observations::Observations;
use super::rules::{Operation, Rule};

/// A suggestion for programs.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SuggestionReport {
    /// The `AuthorizationPolicy`.
    policy: Map<String, Value>,
    /// Lines that it allows.
    lines: u64,
    /// How many of these do not have the outcome.
    silent: u64,
    /// Lines that were denied, and are not allowed.
    denied: u64,
    /// Lines that are left out, because no rule can be made for them.
    skipped: u64,
    /// What it allows beyond the log, one sentence each.
    residual: Vec<String>,
}

/// A suggested policy.
pub struct Suggestion {
    /// The name of the policy.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// The labels of the workload.
    pub labels: BTreeMap<String, String>,
    /// Its rules.
    pub rules: Vec<Rule>,
    /// The threshold for replacing segments of a path.
    pub threshold: u16,
}

impl Suggestion {
    /// What it allows beyond the observed traffic, one sentence each.
    pub fn residual(&self) -> Vec<String> {
        let mut residual =
            vec!["any host, query, header and body, from any address, whatever the log has".to_owned()];
        for (index, rule) in self.rules.iter().enumerate() {
            for operation in &rule.operations {
                residual.extend(operation.residual(index, self.threshold));
            }
        }
        if self.labels.is_empty() {
            residual.push(format!(
                "the same for every workload in `{}`, because the workload has no labels to select it by",
                self.namespace
            ));
        }
        residual
    }

    /// The suggestion for programs.
    pub fn told(&self, seen: &Observations) -> SuggestionReport {
        let policy = match self.json() {
            Value::Object(policy) => policy,
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                Map::new()
            }
        };
        SuggestionReport {
            policy,
            lines: seen.lines,
            silent: seen.silent,
            denied: seen.denied,
            skipped: seen.unsuitable.values().map(|(lines, _)| lines).sum(),
            residual: self.residual(),
        }
    }

    fn json(&self) -> Value {
        let mut spec = json!({
            "action": "ALLOW",
            "rules": self.rules.iter().map(rule).collect::<Vec<_>>(),
        });
        if !self.labels.is_empty() {
            spec["selector"] = json!({"matchLabels": self.labels});
        }
        json!({
            "apiVersion": "security.istio.io/v1",
            "kind": "AuthorizationPolicy",
            "metadata": {"name": self.name, "namespace": self.namespace},
            "spec": spec,
        })
    }

    /// The document for people, with the residual access in comments.
    pub fn yaml(&self, seen: &Observations) -> String {
        let mut text = String::new();
        let _ = writeln!(
            text,
            "# Suggested by `peerwarden suggest` from {}. It also allows:",
            counted(seen.lines, "request")
        );
        for sentence in self.residual() {
            for (index, line) in peerwarden_documents::wrap::wrapped(&sentence, 4)
                .lines()
                .enumerate()
            {
                let lead = if index == 0 { "# - " } else { "#   " };
                let _ = writeln!(text, "{lead}{}", line.trim_start());
            }
        }
        let _ = writeln!(
            text,
            "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata:\n  name: {}\n  namespace: {}\nspec:",
            named(&self.name),
            named(&self.namespace)
        );
        if !self.labels.is_empty() {
            text.push_str("  selector:\n    matchLabels:\n");
            for (name, value) in &self.labels {
                let _ = writeln!(text, "      {}: {}", named(name), named(value));
            }
        }
        text.push_str("  action: ALLOW\n  rules:\n");
        for rule in &self.rules {
            text.push_str("  - from:\n    - source:\n");
            values(&mut text, "principals", rule.principals.iter().cloned());
            let anything = rule.operations.iter().any(Operation::is_anything);
            if !anything {
                text.push_str("    to:\n");
            }
            for operation in rule.operations.iter().filter(|_| !anything) {
                text.push_str("    - operation:\n");
                values(&mut text, "ports", operation.ports.iter().map(u16::to_string));
                values(&mut text, "methods", operation.methods.iter().cloned());
                values(&mut text, "paths", operation.paths.iter().cloned());
            }
        }
        text
    }
}

impl Operation {
    /// Whether it is a TCP connection to an unknown port.
    fn is_anything(&self) -> bool {
        self.ports.is_empty() && self.methods.is_empty() && self.paths.is_empty()
    }

    fn residual(&self, rule: usize, threshold: u16) -> Vec<String> {
        let mut residual = Vec::new();
        if self.is_anything() {
            residual.push(format!(
                "rule {rule}: everything, because the log has TCP connections without their port"
            ));
        } else if self.ports.is_empty() {
            residual.push(format!("rule {rule}: any port, because the log does not have it"));
        }
        for path in self.paths.iter().filter(|path| path.contains("{*}")) {
            residual.push(format!(
                "rule {rule}: any segment for `{{*}}` in `{path}`, because the log has more than {threshold} values"
            ));
        }
        residual
    }
}

fn rule(rule: &Rule) -> Value {
    let mut document = json!({"from": [{"source": {"principals": rule.principals}}]});
    if rule.operations.iter().any(Operation::is_anything) {
        return document;
    }
    let operations = rule.operations.iter().map(|operation| {
        let mut fields = json!({});
        if !operation.ports.is_empty() {
            fields["ports"] = operation.ports.iter().map(u16::to_string).collect();
        }
        if !operation.methods.is_empty() {
            fields["methods"] = operation.methods.iter().cloned().collect();
            fields["paths"] = operation.paths.iter().cloned().collect();
        }
        json!({"operation": fields})
    });
    document["to"] = operations.collect();
    document
}

/// A field with its values: on one line if they fit, otherwise one line each.
fn values(text: &mut String, field: &str, values: impl Iterator<Item = String>) {
    let values: Vec<String> = values.map(|value| quoted(&value)).collect();
    if values.is_empty() {
        return;
    }
    let line = format!("        {field}: [{}]", values.join(", "));
    if line.chars().count() <= 80 {
        let _ = writeln!(text, "{line}");
        return;
    }
    let _ = writeln!(text, "        {field}:");
    for value in values {
        let _ = writeln!(text, "        - {value}");
    }
}

/// As JSON, which YAML reads as the same text, whatever it contains.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// The name of a Kubernetes object: unquoted, unless YAML might not read it as text.
fn named(text: &str) -> String {
    const WORDS: [&str; 9] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-./".contains(&byte);
    let starts = text.starts_with(|ch: char| ch.is_ascii_lowercase());
    if starts && text.bytes().all(plain) && !WORDS.contains(&text) {
        text.to_owned()
    } else {
        quoted(text)
    }
}

#[cfg(test)]
mod tests {
    use super::named;

    #[test]
    fn what_yaml_might_take_for_something_else_is_quoted() {
        for text in ["suggested", "app", "app.kubernetes.io/name", "v1"] {
            assert_eq!(named(text), text);
        }
        for text in [
            "no", "null", "false", "1e3", "on", "123456", "a: b", "Orders", "-orders", "",
        ] {
            assert!(named(text).starts_with('"'), "{text}");
        }
    }
}
