//! A configuration as JSON, read twice: first everything except its documents, then the documents, one at a time.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::RESOURCES;
use crate::document::{At, BorrowedValue, Value};
use crate::limits;
use crate::problem::{Problem, Problems};

/// All but the documents, in whose place is an empty list.
pub(crate) fn settings(json: &[u8]) -> Result<Value, Problems> {
    if json.len() > limits::CONFIGURATION_BYTES {
        return Err(limits::too_large(json.len()).into());
    }
    read(json, Settings { is_root: true })
}

/// Each document of a configuration whose [`settings`] say that it has a list of them.
pub(crate) fn documents(json: &[u8], mut each: impl FnMut(&BorrowedValue<'_>)) -> Result<(), Problems> {
    read(
        json,
        Documents {
            is_root: true,
            each: &mut each,
        },
    )
}

fn read<'j, S: DeserializeSeed<'j>>(json: &'j [u8], seed: S) -> Result<S::Value, Problems> {
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let read = seed.deserialize(&mut deserializer);
    let read = read.and_then(|value| deserializer.end().map(|()| value));
    read.map_err(|error| {
        Problem::new(&At::ROOT, format!("the configuration is not valid JSON: {error}"))
            .help("write an object such as `{\"workload\": { … }, \"resources\": [ … ]}`")
            .into()
    })
}

/// The root, or the list of documents, whose entries are passed over; anything else as it is.
struct Settings {
    is_root: bool,
}

impl<'de> DeserializeSeed<'de> for Settings {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Settings {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Value, E> {
        Ok(Value::Number(0.0))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Value, E> {
        Ok(Value::Number(0.0))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Number(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Value::List(Vec::new()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut fields: Vec<(String, Value)> = Vec::new();
        while let Some(name) = entries.next_key::<String>()? {
            // Each name is compared with those before it.
            if fields.len() >= limits::CONFIGURATION_FIELDS {
                return Err(A::Error::custom("it has more keys than a configuration may have"));
            }
            if fields.iter().any(|(known, _)| *known == name) {
                return Err(A::Error::custom(format_args!(
                    "duplicate key `{name}`; remove one"
                )));
            }
            let value = if self.is_root && name == RESOURCES {
                entries.next_value_seed(Settings { is_root: false })?
            } else {
                entries.next_value()?
            };
            fields.push((name, value));
        }
        Ok(Value::Object(fields))
    }
}

/// The entries of the list of documents, of the root or of its field. That there is nothing else in their place shows in the settings;
/// it is passed over rather than refused, as serde's refusal would show numbers, and what writes them is a fiftieth of the module.
struct Documents<'f> {
    is_root: bool,
    each: &'f mut dyn FnMut(&BorrowedValue<'_>),
}

impl<'de> DeserializeSeed<'de> for Documents<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Documents<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_root { "an object" } else { "a list" })
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

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        while let Some(name) = entries.next_key::<String>()? {
            if name == RESOURCES {
                entries.next_value_seed(Documents {
                    is_root: false,
                    each: &mut *self.each,
                })?;
            } else {
                entries.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while let Some(document) = items.next_element::<BorrowedValue<'de>>()? {
            (self.each)(&document);
        }
        Ok(())
    }
}
