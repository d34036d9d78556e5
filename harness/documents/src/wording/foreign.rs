//! Parses the error messages of other crates: the only place that does.
//!
//! `serde_json` and `toml` pass on serde's errors as text, without types; the YAML crate has types for the parts, each
//! of which is a text of serde's. A message that is not recognised is shown unchanged.

use super::Wording;

impl Wording {
    /// The message of a JSON error, without the place.
    pub fn of_json(error: &serde_json::Error) -> Self {
        let message = json_message(error);
        if error.is_data() {
            Self::of_serde(&message)
        } else if is_too_deep(&message) {
            Self::too_deep()
        } else {
            Self::plain(format!("it is not JSON: {message}"))
        }
    }

    /// The message of one of serde's own errors, without the place in the text.
    pub fn of_serde(message: &str) -> Self {
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
        if is_too_deep(message) {
            return Self::too_deep();
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

    /// The message for a type mismatch; both types are in serde's words.
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

/// The message of `serde_json` without the place, which comes at the end.
pub fn json_message(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(" at line ") {
        Some((message, _)) => message.to_owned(),
        None => text,
    }
}

fn is_too_deep(message: &str) -> bool {
    message.starts_with("recursion limit exceeded")
}

/// The expected type in plain words, where serde or the YAML crate use their own names.
pub fn expected_in_words(expected: &str) -> &str {
    match expected {
        "u16" => "a port from 0 to 65535",
        "a map" | "mapping start" => "an object",
        "a sequence" | "sequence start" => "a list",
        "string scalar" => "a string",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speaks_plainly() {
        let said = |serde: &str| {
            let said = Wording::of_serde(serde);
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
