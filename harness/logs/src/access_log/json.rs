//! JSON logs: fields by their names, each with its own format string.

use peerwarden_documents::wording::json_message;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

use super::entry::{Entry, FieldText};
use super::operator::OperatorError;
use super::split;
use super::text::Text;

/// A format of JSON objects.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Json {
    fields: Vec<(String, Field)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Field {
    Text(Text),
    Object(Json),
}

impl Json {
    /// Parses a `json_format`: names with format strings, or with nested objects.
    ///
    /// # Errors
    ///
    /// If a format string is invalid.
    pub(super) fn parse(fields: &serde_json::Map<String, Value>) -> Result<Self, OperatorError> {
        let mut json = Self::default();
        for (name, field) in fields {
            let field = match field {
                Value::String(text) => {
                    Field::Text(Text::parse(text).map_err(|OperatorError(message)| {
                        OperatorError(format!("field `{name}`: {message}"))
                    })?)
                }
                Value::Object(fields) => Field::Object(Self::parse(fields)?),
                // Envoy writes them unchanged.
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => continue,
            };
            json.fields.push((name.clone(), field));
        }
        Ok(json)
    }

    /// Whether any field is of use to a policy.
    pub(super) fn tells_something(&self) -> bool {
        self.fields.iter().any(|(_, field)| match field {
            Field::Text(text) => text.tells_something(),
            Field::Object(json) => json.tells_something(),
        })
    }

    fn field(&self, name: &str) -> Option<&Field> {
        self.fields
            .iter()
            .find(|(own, _)| own == name)
            .map(|(_, field)| field)
    }

    /// Reads a line.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    pub(super) fn read(&self, line: &[u8]) -> Result<Entry, String> {
        let mut values = Vec::new();
        let mut deserializer = serde_json::Deserializer::from_slice(line);
        let read = deserializer
            .deserialize_map(FieldReader {
                json: self,
                values: &mut values,
            })
            .and_then(|()| deserializer.end());
        if let Err(error) = read {
            return Err(format!("it is not a JSON object: {}", json_message(&error)));
        }
        if values.is_empty() {
            return Err("it has none of the fields of the format".to_owned());
        }
        let mut entry = Entry::default();
        // In the order of the format, so that duplicates do not depend on the order of the line.
        for (name, field) in &self.fields {
            if let Some((_, value)) = values.iter().find(|(own, _)| own == name) {
                tell(field, value, &mut entry)?;
            }
        }
        Ok(entry.finish())
    }
}

fn tell(field: &Field, value: &Value, entry: &mut Entry) -> Result<(), String> {
    match (field, value) {
        (Field::Object(json), Value::Object(fields)) => {
            for (name, field) in &json.fields {
                if let Some(value) = fields.get(name) {
                    tell(field, value, entry)?;
                }
            }
        }
        (Field::Object(_), _) => {}
        (Field::Text(text), value) => match text.sole() {
            Some(operator) => {
                let number;
                let written = match value {
                    Value::Null => FieldText::Nothing,
                    Value::String(text) => FieldText::Text(text.as_bytes()),
                    Value::Number(value) => {
                        number = value.to_string();
                        FieldText::Text(number.as_bytes())
                    }
                    Value::Object(_) => FieldText::Object(value),
                    Value::Bool(_) | Value::Array(_) => return Ok(()),
                };
                entry.tell(operator, written);
            }
            None => {
                let Value::String(value) = value else {
                    return Ok(());
                };
                let fields = split::split(text, value.as_bytes());
                let fields = fields.ok_or("a field does not match the format")?;
                for (operator, field) in text.operators.iter().zip(fields) {
                    if let Some(field) = field {
                        entry.tell(operator, FieldText::Text(field));
                    }
                }
            }
        },
    }
    Ok(())
}

/// Reads those fields of an object that the format names.
struct FieldReader<'w> {
    json: &'w Json,
    values: &'w mut Vec<(String, Value)>,
}

impl<'de> Visitor<'de> for FieldReader<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        while let Some(name) = fields.next_key::<std::borrow::Cow<'de, str>>()? {
            if self.json.field(&name).is_none() {
                fields.next_value::<IgnoredAny>()?;
                continue;
            }
            if self.values.iter().any(|(own, _)| *own == name) {
                return Err(A::Error::custom(format_args!("duplicate key `{name}`")));
            }
            self.values.push((name.into_owned(), fields.next_value()?));
        }
        Ok(())
    }
}
