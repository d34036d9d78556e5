//! Envoy's matchers of text: `StringMatcher`, `HeaderMatcher`, `ValueMatcher`.

use serde_json::{Value, json};

pub(super) fn regex(regex: &str) -> Value {
    json!({"safe_regex": {"regex": regex}})
}

/// Any text except the empty one, as Istio writes it.
pub(super) fn present() -> Value {
    regex(".+")
}

pub(super) fn exact(text: &str) -> Value {
    json!({"exact": text})
}

pub(super) fn prefix(text: &str) -> Value {
    json!({"prefix": text})
}

pub(super) fn suffix(text: &str) -> Value {
    json!({"suffix": text})
}

/// Istio's four forms of a value.
pub(super) fn string(value: &str) -> Value {
    if value == "*" {
        present()
    } else if let Some(end) = value.strip_prefix('*') {
        suffix(end)
    } else if let Some(start) = value.strip_suffix('*') {
        prefix(start)
    } else {
        exact(value)
    }
}

/// The same for a header, where `*` only requires that it is present.
pub(super) fn header(name: &str, value: &str, ignore_case: bool) -> Value {
    if value == "*" {
        return json!({"name": name, "present_match": true});
    }
    let mut matcher = string(value);
    if ignore_case {
        matcher["ignore_case"] = true.into();
    }
    json!({"name": name, "string_match": matcher})
}

/// Matches a value of dynamic metadata if this text matcher does.
pub(super) fn value(matcher: &Value) -> Value {
    json!({ "string_match": matcher })
}

/// Matches a list that contains a value for this matcher.
pub(super) fn list_with(matcher: &Value) -> Value {
    json!({"list_match": {"one_of": matcher}})
}

pub(super) fn any_value_of(mut matchers: Vec<Value>) -> Value {
    if matchers.len() == 1 {
        matchers.remove(0)
    } else {
        json!({"or_match": {"value_matchers": matchers}})
    }
}

/// Dynamic metadata of a filter, at a path.
pub(super) fn metadata(filter: &str, path: &[&str], value: &Value) -> Value {
    let path: Vec<Value> = path.iter().map(|key| json!({ "key": key })).collect();
    json!({"metadata": {"filter": filter, "path": path, "value": value}})
}

/// Text as a regular expression that matches it alone, as Go's `regexp.QuoteMeta`.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len());
    for ch in text.chars() {
        if r"\.+*?()|[]{}^$".contains(ch) {
            quoted.push('\\');
        }
        quoted.push(ch);
    }
    quoted
}
