//! Dynamic metadata as the protobuf message that Envoy serialises
//! (<https://protobuf.dev/programming-guides/encoding/>).

use serde_json::{Map, Value as Json};

/// `envoy.config.core.v3.Metadata`: `filter_metadata` (1) maps a filter's name to a `google.protobuf.Struct`.
pub(super) fn metadata(filters: &Map<String, Json>) -> Vec<u8> {
    let mut message = Vec::new();
    for (filter, fields) in filters {
        let empty = Map::new();
        let fields = structure(fields.as_object().unwrap_or(&empty));
        bytes(&mut message, 1, &entry(filter, &fields));
    }
    message
}

/// `google.protobuf.Struct`: `fields` (1).
fn structure(fields: &Map<String, Json>) -> Vec<u8> {
    let mut message = Vec::new();
    for (name, json) in fields {
        bytes(&mut message, 1, &entry(name, &value(json)));
    }
    message
}

/// An entry of a map: key (1), value (2).
fn entry(key: &str, value: &[u8]) -> Vec<u8> {
    let mut message = Vec::new();
    bytes(&mut message, 1, key.as_bytes());
    bytes(&mut message, 2, value);
    message
}

/// `google.protobuf.Value`: one of null (1), number (2), string (3), bool (4), struct (5), list (6).
fn value(json: &Json) -> Vec<u8> {
    let mut message = Vec::new();
    match json {
        Json::Null => message.extend([1 << 3, 0]),
        Json::Number(number) => {
            message.push((2 << 3) | 1);
            message.extend(number.as_f64().unwrap_or_default().to_le_bytes());
        }
        Json::String(text) => bytes(&mut message, 3, text.as_bytes()),
        Json::Bool(value) => message.extend([4 << 3, u8::from(*value)]),
        Json::Object(fields) => bytes(&mut message, 5, &structure(fields)),
        Json::Array(items) => {
            let mut list = Vec::new();
            for item in items {
                bytes(&mut list, 1, &value(item));
            }
            bytes(&mut message, 6, &list);
        }
    }
    message
}

/// A field of bytes: tag, length, bytes.
fn bytes(message: &mut Vec<u8>, field: u8, bytes: &[u8]) {
    message.push((field << 3) | 2);
    let mut length = bytes.len();
    while length >= 0x80 {
        message.push((length & 0x7f) as u8 | 0x80);
        length >>= 7;
    }
    message.push(length as u8);
    message.extend(bytes);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Made with protoc: `filter_metadata {key:"f" value {fields {key:"a" value {number_value:1}}}}`.
    #[test]
    fn writes_what_protoc_writes() {
        let filters = json!({"f": {"a": 1}});
        let number = [0x11, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f];
        let mut expected = vec![
            0x0a, 0x15, 0x0a, 0x01, b'f', 0x12, 0x10, 0x0a, 0x0e, 0x0a, 0x01, b'a', 0x12, 0x09,
        ];
        expected.extend(number);
        assert_eq!(metadata(filters.as_object().unwrap()), expected);
    }

    #[test]
    fn long_texts_have_long_lengths() {
        let mut message = Vec::new();
        bytes(&mut message, 3, &[b'x'; 300]);
        assert_eq!(message[..3], [0x1a, 0xac, 0x02]);
        assert_eq!(message.len(), 303);
    }
}
