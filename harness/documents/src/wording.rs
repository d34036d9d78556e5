//! What is wrong with a text that is read into a type: the same words for JSON, YAML and TOML, without the names of Rust's types.

mod foreign;

pub use foreign::{expected_in_words, json_message};

use peerwarden_engine::document::{nearest, quoted};

/// What is wrong, and what to write instead.
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

    /// That there is no such field, with the nearest one that there is.
    pub fn unknown_field(name: &str, known: &[&str]) -> Self {
        let message = format!("unknown field `{name}`");
        match nearest(name, known.iter().copied()) {
            Some(known) => Self::helped(message, format!("did you mean `{known}`?")),
            None => Self::helped(message, format!("known fields: {}", quoted(known))),
        }
    }

    /// That there is no such value, with those that there are.
    pub fn unknown_value(value: &str, known: &[&str]) -> Self {
        Self::helped(
            format!("unknown value `{value}`"),
            format!("write {}", alternatives(known)),
        )
    }

    /// That values are nested deeper than any reader follows.
    pub fn too_deep() -> Self {
        Self::plain("it is nested too deeply")
    }

    /// That a key is duplicated.
    pub fn twice(name: &str) -> Self {
        Self::helped(format!("duplicate key `{name}`"), "remove one")
    }
}

/// Names in backticks, with `or` between them.
fn alternatives(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(" or ")
}
