//! `google.protobuf.Struct` by path.

use serde_json::Value as Json;

use super::Value;
use crate::status::Status;

/// The value below `json` at a path.
pub(super) fn walk(json: &Json, path: &[&str]) -> Result<Value, Status> {
    match path {
        [] => value(json).ok_or(Status::NotFound),
        [name, rest @ ..] => walk(json.as_object().and_then(|fields| fields.get(*name)).ok_or(Status::NotFound)?, rest),
    }
}

/// Numbers are doubles; a null is nothing.
fn value(json: &Json) -> Option<Value> {
    Some(match json {
        Json::Null => return None,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => Value::Double(number.as_f64()?),
        Json::String(text) => Value::text(text),
        Json::Array(items) => Value::List(items.iter().filter_map(value).collect()),
        Json::Object(fields) => {
            let fields = fields.iter().filter_map(|(name, json)| Some((name.clone().into_bytes(), value(json)?)));
            Value::Map(fields.collect())
        }
    })
}
