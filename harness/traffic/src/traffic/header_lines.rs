//! The lines of a header: a text, or a list of texts.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

/// The lines of one header.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum HeaderLines {
    /// One line.
    One(String),
    /// Several lines.
    Several(Vec<String>),
}

impl HeaderLines {
    /// The lines.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        match self {
            HeaderLines::One(line) => std::slice::from_ref(line),
            HeaderLines::Several(lines) => lines.as_slice(),
        }
        .iter()
        .map(String::as_str)
    }
}

impl<'de> Deserialize<'de> for HeaderLines {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = HeaderLines;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a string, or a list of strings with one for each line of the header")
            }

            fn visit_str<E>(self, line: &str) -> Result<HeaderLines, E> {
                Ok(HeaderLines::One(line.to_owned()))
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut items: A) -> Result<HeaderLines, A::Error> {
                let mut lines = Vec::new();
                while let Some(line) = items.next_element()? {
                    lines.push(line);
                }
                Ok(HeaderLines::Several(lines))
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}
