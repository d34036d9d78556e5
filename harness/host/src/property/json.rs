//! `google.protobuf.Struct` by path.

use serde_json::Value as Json;

use super::Value;
use crate::status::Status;

/// The value below `json` at a path of names and, in lists, of indexes.
pub(super) fn walk(json: &Json, path: &[&str]) -> Result<Value, Status> {
    let [name, rest @ ..] = path else {
        return Ok(value(json));
    };
    let below = match json {
        Json::Object(fields) => fields.get(*name),
        Json::Array(items) => name.parse::<usize>().ok().and_then(|index| items.get(index)),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => None,
    };
    walk(below.ok_or(Status::NotFound)?, rest)
}

/// Numbers are doubles.
fn value(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => Value::Double(number.as_f64().unwrap_or_default()),
        Json::String(text) => Value::text(text),
        Json::Array(items) => Value::List(items.iter().map(value).collect()),
        Json::Object(fields) => {
            let fields = fields
                .iter()
                .map(|(name, json)| (name.clone().into_bytes(), value(json)));
            Value::Map(fields.collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_and_indexes() {
        let json = json!({"a": {"b": [true, "x"]}, "n": 2, "none": null});
        let read = |path: &[&str]| walk(&json, path);
        assert_eq!(read(&["a", "b", "1"]), Ok(Value::text("x")));
        assert_eq!(
            read(&["a", "b"]),
            Ok(Value::List(vec![Value::Bool(true), Value::text("x")]))
        );
        assert_eq!(
            read(&["n"]).and_then(|number| number.encode()),
            Ok(2f64.to_le_bytes().to_vec())
        );
        for missing in [&["b"] as &[&str], &["a", "b", "2"], &["a", "b", "x"], &["n", "m"]] {
            assert_eq!(read(missing), Err(Status::NotFound), "{missing:?}");
        }
        assert_eq!(
            read(&["none"]).and_then(|null| null.encode()),
            Err(Status::SerializationFailure)
        );
        assert_eq!(
            read(&[]).and_then(|map| map.encode()),
            Err(Status::SerializationFailure),
            "it holds a null"
        );
    }
}
