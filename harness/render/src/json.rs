//! Writes values of documents as JSON text, in their original order.

use peerwarden_engine::document::Value;
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

/// The largest whole number below which doubles represent all whole numbers.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// An object as JSON, with a line for each field and for each item of a field's list; ASCII only, so that it fits in a
/// block of YAML whatever its texts contain.
pub(crate) fn pretty(value: &Value) -> String {
    let Value::Object(fields) = value else {
        return line(value);
    };
    let fields = fields.iter().map(|(name, value)| {
        let value = match value {
            Value::List(items) if !items.is_empty() => {
                let items: Vec<String> = items.iter().map(|item| format!("    {}", line(item))).collect();
                format!("[\n{}\n  ]", items.join(",\n"))
            }
            Value::List(_)
            | Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Object(_) => line(value),
        };
        format!("  {}: {value}", line(&Value::String(name.clone())))
    });
    format!("{{\n{}\n}}", fields.collect::<Vec<_>>().join(",\n"))
}

pub(crate) fn line(value: &Value) -> String {
    // A tree that was parsed from JSON or YAML can always be written.
    let text = serde_json::to_string(&Json(value)).unwrap_or_default();
    let mut ascii = String::with_capacity(text.len());
    for letter in text.chars() {
        // JSON has non-ASCII characters only in strings, where they are escaped like this (RFC 8259, 7).
        if letter.is_ascii() && letter != '\u{7f}' {
            ascii.push(letter);
        } else {
            for unit in letter.encode_utf16(&mut [0; 2]) {
                ascii.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    ascii
}

struct Json<'v>(&'v Value);

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(value) => serializer.serialize_bool(*value),
            #[expect(
                clippy::cast_possible_truncation,
                reason = "whole and within what an i64 holds"
            )]
            Value::Number(value) if value.fract() == 0.0 && value.abs() <= EXACT => {
                serializer.serialize_i64(*value as i64)
            }
            Value::Number(value) => serializer.serialize_f64(*value),
            Value::String(value) => serializer.serialize_str(value),
            Value::List(values) => {
                let mut list = serializer.serialize_seq(Some(values.len()))?;
                for value in values {
                    list.serialize_element(&Json(value))?;
                }
                list.end()
            }
            Value::Object(fields) => {
                let mut map = serializer.serialize_map(Some(fields.len()))?;
                for (name, value) in fields {
                    map.serialize_entry(name, &Json(value))?;
                }
                map.end()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_out_reads_back_as_what_went_in() {
        let text = r#"{"b": [1, 2.5, -3, true, null], "a": {"path": "/caf\u00e9\u2028\u0085/\ud83d\ude00\u007f", "n": 1e20}}"#;
        let value: Value = serde_json::from_str(text).expect("JSON");
        let written = pretty(&value);
        assert!(written.is_ascii());
        assert_eq!(serde_json::from_str::<Value>(&written).expect("readable"), value);
        assert!(written.find("\"b\"") < written.find("\"a\""), "{written}");
    }
}
