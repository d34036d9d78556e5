//! Prints a question for people: the case as `peerwarden explain` reads it, and the reference evaluator's trace.

use std::fmt::Write;
use std::net::SocketAddr;

use anyhow::Result;
use peerwarden_engine::reference::{PartTrace, Trace};
use serde_json::Value;

use crate::differences::SingleQuestion;

/// Everything about a question; `listener` is its destination, unless a PROXY header says otherwise.
pub(crate) fn question(asked: &SingleQuestion, listener: SocketAddr) -> Result<String> {
    let SingleQuestion { set, visit, request } = asked;
    let case = set.explainable(&set.traffic(visit, request.as_ref(), listener));
    let mut text = String::from("--- the case\n");
    yaml(&mut text, &case, 0);
    let _ = writeln!(
        text,
        "--- what was sent: {visit:?}, {request:?}, {:?}",
        set.addresses
    );
    trace(&mut text, &set.trace(visit, request.as_ref(), listener)?);
    Ok(text)
}

fn trace(text: &mut String, trace: &Trace) {
    let outcome = &trace.outcome;
    let _ = writeln!(
        text,
        "--- the reference evaluator: {:?}, {}",
        outcome.verdict, outcome.reason
    );
    for policy in &trace.policies {
        let applies = policy.not_applied.as_deref().unwrap_or("applies");
        let _ = writeln!(
            text,
            "{:?} {}/{}: {applies}",
            policy.action, policy.namespace, policy.name
        );
        for rule in &policy.rules {
            let _ = writeln!(
                text,
                "  rule {}: matched {}, {:?}",
                rule.index, rule.matched, rule.tcp
            );
            let parts = rule
                .sources
                .iter()
                .chain(&rule.operations)
                .chain(&rule.conditions);
            for part in parts {
                clauses(text, part);
            }
        }
    }
}

fn clauses(text: &mut String, part: &PartTrace) {
    for clause in &part.clauses {
        let found = clause.found.as_deref().unwrap_or("nothing");
        let _ = writeln!(
            text,
            "    {:?} {} {:?}, found {found}",
            clause.result, clause.path, clause.values
        );
    }
}

/// YAML in block style. Texts are quoted as in JSON, which YAML reads too.
fn yaml(text: &mut String, value: &Value, depth: usize) {
    let indent = "  ".repeat(depth);
    let mut entry = |start: String, value: &Value| {
        let nested = match value {
            Value::Array(items) => !items.is_empty(),
            Value::Object(fields) => !fields.is_empty(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
        };
        if nested {
            let _ = writeln!(text, "{indent}{start}");
            yaml(text, value, depth + 1);
        } else {
            let _ = writeln!(text, "{indent}{start} {value}");
        }
    };
    match value {
        Value::Array(items) => items.iter().for_each(|item| entry("-".to_owned(), item)),
        Value::Object(fields) => fields
            .iter()
            .for_each(|(name, value)| entry(format!("{}:", Value::from(name.as_str())), value)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
