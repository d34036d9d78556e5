//! `*` matches any text except the empty one. Istio writes it as the regular expression `.+`, whose dot does not match
//! a line break: a claim or other metadata with one is present but does not match, and a DENY of `*` lets it pass.

use serde_json::Value;

use super::{Difference, SingleQuestion};

pub(super) const DIFFERENCE: Difference = Difference {
    name: "a text with a line break is not empty",
    rewrite,
};

fn rewrite(asked: &mut SingleQuestion) -> bool {
    let mut values = Vec::new();
    if let Some(request) = &mut asked.request {
        values.extend([&mut request.token, &mut request.metadata].into_iter().flatten());
    }
    let mut changed = values
        .into_iter()
        .map(join)
        .fold(false, |before, now| before | now);
    if let Some(value) = asked
        .visit
        .proxy
        .as_mut()
        .and_then(|header| header.value.as_mut())
    {
        changed |= value.contains('\n');
        *value = value.replace('\n', "_");
    }
    changed
}

/// Replaces line breaks by an ordinary character.
fn join(value: &mut Value) -> bool {
    match value {
        Value::String(text) => {
            let broken = text.contains('\n');
            *text = text.replace('\n', "_");
            broken
        }
        Value::Array(items) => items.iter_mut().map(join).fold(false, |before, now| before | now),
        Value::Object(fields) => fields
            .values_mut()
            .map(join)
            .fold(false, |before, now| before | now),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}
