//! What serde says of a value, in our words: the same for JSON and YAML, without the names of Rust's types.

use peerwarden_engine::document::nearest;

/// What is wrong, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
}

impl Said {
    /// A message without help.
    pub fn plain(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            help: None,
        }
    }

    /// A message with help.
    pub fn helped(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            help: Some(help.into()),
        }
    }

    /// The message of one of serde's own errors, without the place in the text.
    pub fn from_serde(message: &str) -> Self {
        let quoted = || message.split('`').skip(1).step_by(2);
        let name = quoted().next().unwrap_or_default();
        let known: Vec<&str> = quoted().skip(1).collect();
        if message.starts_with("unknown field `") {
            return Self::unknown_field(name, &known);
        }
        if message.starts_with("unknown variant `") {
            return Self::unknown_value(name, &known);
        }
        if message.starts_with("duplicate field `") {
            return Self::twice(name);
        }
        if message.starts_with("recursion limit exceeded") {
            return Self::plain("it is nested too deeply");
        }
        let mismatch = ["invalid type: ", "invalid value: "]
            .iter()
            .find_map(|kind| message.strip_prefix(kind))
            .and_then(|rest| rest.rsplit_once(", expected "));
        match mismatch {
            Some((found, expected)) => Self::mismatch(found, expected),
            None => Self::plain(message),
        }
    }

    /// That there is no such field, with the nearest one that there is.
    pub fn unknown_field(name: &str, known: &[&str]) -> Self {
        let message = format!("unknown field `{name}`");
        match nearest(name, known.iter().copied()) {
            Some(known) => Self::helped(message, format!("did you mean `{known}`?")),
            None => Self::helped(message, format!("known fields: {}", list(known, ", "))),
        }
    }

    /// That there is no such value, with those that there are.
    pub fn unknown_value(value: &str, known: &[&str]) -> Self {
        Self::helped(
            format!("unknown value `{value}`"),
            format!("write {}", list(known, " or ")),
        )
    }

    /// That a key is duplicated.
    pub fn twice(name: &str) -> Self {
        Self::helped(format!("duplicate key `{name}`"), "remove one")
    }

    /// That something stands where something else is expected, both in serde's words.
    pub fn mismatch(found: &str, expected: &str) -> Self {
        let (kind, value) = found.split_once(' ').unwrap_or((found, ""));
        let shown = match kind {
            "null" | "unit" => "nothing".to_owned(),
            "map" => "an object".to_owned(),
            "sequence" => "a list".to_owned(),
            "string" => format!("the string {value}"),
            "boolean" => format!("the boolean {value}"),
            "integer" => format!("the number {value}"),
            "floating" => format!("the number {}", value.trim_start_matches("point ")),
            _ => found.to_owned(),
        };
        let expected = expected_in_words(expected);
        let message = format!("expected {expected}, found {shown}");
        let scalar = matches!(kind, "boolean" | "integer" | "floating");
        if scalar && (expected.contains("string") || expected.contains("text")) {
            Self::helped(message, "put it in quotes")
        } else if expected == "a list" && kind != "map" {
            Self::helped(message, "write it as `[ … ]`")
        } else {
            Self::plain(message)
        }
    }
}

/// What is expected, where serde names it by its own type.
pub fn expected_in_words(expected: &str) -> &str {
    match expected {
        "u16" => "a port from 0 to 65535",
        "a map" | "mapping start" => "an object",
        "a sequence" | "sequence start" => "a list",
        "string scalar" => "a text",
        other => other,
    }
}

fn list(names: &[&str], separator: &str) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(separator)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speaks_plainly() {
        let said = |serde: &str| {
            let said = Said::from_serde(serde);
            match said.help {
                Some(help) => format!("{}; {help}", said.message),
                None => said.message,
            }
        };
        for (serde, plain) in [
            (
                "unknown field `htpp`, expected one of `tls`, `http`",
                "unknown field `htpp`; did you mean `http`?",
            ),
            (
                "unknown field `colour`, expected `tls` or `http`",
                "unknown field `colour`; known fields: `tls`, `http`",
            ),
            (
                "unknown variant `udp`, expected `http` or `tcp`",
                "unknown value `udp`; write `http` or `tcp`",
            ),
            (
                "invalid value: integer `65536`, expected u16",
                "expected a port from 0 to 65535, found the number `65536`",
            ),
            (
                "invalid type: null, expected an object",
                "expected an object, found nothing",
            ),
            (
                "invalid type: boolean `true`, expected a string",
                "expected a string, found the boolean `true`; put it in quotes",
            ),
            (
                "invalid type: string \"a, expected b\", expected a sequence",
                "expected a list, found the string \"a, expected b\"; write it as `[ … ]`",
            ),
            ("duplicate field `id`", "duplicate key `id`; remove one"),
            ("key must be a string", "key must be a string"),
        ] {
            assert_eq!(said(serde), plain);
        }
    }
}
