//! Writes a document as YAML in block style, in its original order. Comments are not part of a [`Value`].

use peerwarden_engine::document::Value;

use crate::json;

/// A document as YAML, which reads back as the same value.
pub fn write(value: &Value) -> String {
    let mut text = String::new();
    block(value, 0, &mut text);
    text
}

fn block(value: &Value, depth: usize, text: &mut String) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (index, (name, value)) in fields.iter().enumerate() {
                if index > 0 || depth == 0 {
                    indent(depth, text);
                }
                text.push_str(&scalar(name));
                text.push(':');
                match value {
                    Value::Object(fields) if !fields.is_empty() => {
                        text.push('\n');
                        indent(depth + 1, text);
                        block(value, depth + 1, text);
                    }
                    Value::List(items) if !items.is_empty() => {
                        text.push('\n');
                        list(items, depth, text);
                    }
                    Value::Null
                    | Value::Bool(_)
                    | Value::Number(_)
                    | Value::String(_)
                    | Value::List(_)
                    | Value::Object(_) => {
                        text.push(' ');
                        inline(value, text);
                    }
                }
            }
        }
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::List(_)
        | Value::Object(_) => inline(value, text),
    }
}

fn list(items: &[Value], depth: usize, text: &mut String) {
    for item in items {
        indent(depth, text);
        text.push_str("- ");
        block(item, depth + 1, text);
    }
}

fn inline(value: &Value, text: &mut String) {
    match value {
        Value::String(value) => text.push_str(&scalar(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::List(_) | Value::Object(_) => {
            text.push_str(&json::line(value));
        }
    }
    text.push('\n');
}

fn indent(depth: usize, text: &mut String) {
    for _ in 0..depth {
        text.push_str("  ");
    }
}

/// Words that some YAML parsers do not read as text.
const WORDS: [&str; 9] = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"];

/// A text, in quotes if it could be read as something else.
fn scalar(value: &str) -> String {
    let plain = value.starts_with(|first: char| first.is_ascii_alphabetic() || first == '/')
        && value
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'/'))
        && !WORDS.iter().any(|word| word.eq_ignore_ascii_case(value));
    if plain {
        value.to_owned()
    } else {
        json::line(&Value::String(value.to_owned()))
    }
}
