//! A line of `peerwarden eval`: traffic, and the configuration that decides on it.

use std::collections::BTreeSet;
use std::fmt;

use peerwarden_documents::schema::Paths;
use peerwarden_documents::wording::Wording;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::deserialize::required_object;
use crate::traffic::Traffic;

/// A line of input. The configuration stays text, which the engine parses.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvalLine {
    #[serde(rename = "id")]
    _id: Option<IgnoredAny>,
    /// `mesh` of the configuration.
    pub mesh: Option<Box<RawValue>>,
    /// `workload` of the configuration.
    pub workload: Option<Box<RawValue>>,
    /// The policies.
    pub resources: Option<Box<RawValue>>,
    /// The external authorizers that CUSTOM policies name.
    #[serde(rename = "extensionProviders")]
    pub extension_providers: Option<Box<RawValue>>,
    /// How paths are established.
    pub paths: Option<Paths>,
    /// The traffic.
    #[serde(deserialize_with = "required_object")]
    pub traffic: Traffic,
}

/// The id of a line: any JSON, returned as it was written.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(transparent)]
pub struct LineId(Option<Box<RawValue>>);

/// Reads a line, and its id even if the rest is wrong; the error is a message for people.
pub fn read(text: &[u8]) -> (LineId, Result<EvalLine, String>) {
    let mut id = LineId::default();
    let line = unique(text, &mut id).and_then(|()| serde_json::from_slice(text));
    if let (Err(_), None) = (&line, &id.0) {
        // The id may come after the error.
        id = serde_json::from_slice(text)
            .map_or_else(|_| LineId::default(), |only: UnreadableLine| LineId(only.id));
    }
    (id, line.map_err(|error| explain(&error)))
}

fn explain(error: &serde_json::Error) -> String {
    let Wording { message, help } = Wording::of_json(error);
    let help = help.map(|help| format!("; {help}")).unwrap_or_default();
    format!(
        "the line cannot be read at column {}: {message}{help}",
        error.column()
    )
}

/// The id of a line that is otherwise unreadable.
#[derive(Deserialize)]
struct UnreadableLine {
    id: Option<Box<RawValue>>,
}

/// Refuses a line that is not an object, and duplicate keys anywhere, as parsers differ in which one counts.
fn unique(text: &[u8], id: &mut LineId) -> serde_json::Result<()> {
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    deserializer.deserialize_map(TopLevelObject(id))?;
    deserializer.end()
}

struct TopLevelObject<'i>(&'i mut LineId);

impl<'de> Visitor<'de> for TopLevelObject<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object such as {\"id\": 1, \"traffic\": {}}")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        let mut names = BTreeSet::new();
        while let Some(name) = fields.next_key::<String>()? {
            once(&mut names, &name)?;
            if name == "id" {
                let raw: Box<RawValue> = fields.next_value()?;
                self.0.0 = Some(raw);
            } else {
                fields.next_value_seed(UniqueKeys)?;
            }
        }
        Ok(())
    }
}

/// Reads any value, and refuses duplicate keys in it.
#[derive(Clone, Copy)]
struct UniqueKeys;

fn once<E: Error>(names: &mut BTreeSet<String>, name: &str) -> Result<(), E> {
    if names.insert(name.to_owned()) {
        Ok(())
    } else {
        Err(E::custom(format_args!("duplicate field `{name}`")))
    }
}

impl<'de> DeserializeSeed<'de> for UniqueKeys {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for UniqueKeys {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(self)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        let mut names = BTreeSet::new();
        while let Some(name) = fields.next_key::<String>()? {
            once(&mut names, &name)?;
            fields.next_value_seed(self)?;
        }
        Ok(())
    }
}
