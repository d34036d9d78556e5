//! Error messages for texts that are parsed into a type: the same for JSON, YAML and TOML, without names of Rust types.

mod foreign;

pub use foreign::{expected_in_words, json_message};

use peerwarden_engine::document::{nearest, quoted};

/// An error message, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wording {
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
}

impl Wording {
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

    /// The message for an unknown field, with the most similar known one.
    pub fn unknown_field(name: &str, known: &[&str]) -> Self {
        let message = format!("unknown field `{name}`");
        match nearest(name, known.iter().copied()) {
            Some(known) => Self::helped(message, format!("did you mean `{known}`?")),
            None => Self::helped(message, format!("known fields: {}", quoted(known))),
        }
    }

    /// The message for an unknown value, with the known ones.
    pub fn unknown_value(value: &str, known: &[&str]) -> Self {
        Self::helped(
            format!("unknown value `{value}`"),
            format!("write {}", alternatives(known)),
        )
    }

    /// The message for values that are nested too deeply.
    pub fn too_deep() -> Self {
        Self::plain("it is nested too deeply")
    }

    /// The message for a duplicate key.
    pub fn twice(name: &str) -> Self {
        Self::helped(format!("duplicate key `{name}`"), "remove one")
    }
}

/// Names in backticks, with `or` between them.
fn alternatives(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(" or ")
}
