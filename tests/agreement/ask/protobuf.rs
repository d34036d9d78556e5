//! JSON as a `google.protobuf.Value` in base64, as `header_to_metadata` reads it, so that a request can set its own
//! metadata.

use serde_json::Value;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

pub(super) fn base64(value: &Value) -> String {
    let bytes = encode(value);
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let at = |place: usize| u32::from(chunk.get(place).copied().unwrap_or(0));
        let group = at(0) << 16 | at(1) << 8 | at(2);
        for place in 0..4 {
            let symbol = group >> (18 - 6 * place) & 63;
            text.push(if place <= chunk.len() {
                ALPHABET[symbol as usize].into()
            } else {
                '='
            });
        }
    }
    text
}

/// <https://protobuf.dev/reference/protobuf/google.protobuf/#value>
fn encode(value: &Value) -> Vec<u8> {
    match value {
        Value::Null => vec![0x08, 0],
        Value::Bool(value) => vec![0x20, u8::from(*value)],
        Value::Number(value) => {
            let mut bytes = vec![0x11];
            bytes.extend(value.as_f64().unwrap_or_default().to_le_bytes());
            bytes
        }
        Value::String(text) => field(3, text.as_bytes()),
        Value::Object(fields) => {
            let entry = |(name, value): (&String, &Value)| {
                field(1, &[field(1, name.as_bytes()), field(2, &encode(value))].concat())
            };
            field(5, &fields.iter().flat_map(entry).collect::<Vec<u8>>())
        }
        Value::Array(items) => {
            let items = items.iter().flat_map(|item| field(1, &encode(item)));
            field(6, &items.collect::<Vec<u8>>())
        }
    }
}

/// A field with a length prefix.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let mut encoded = vec![number << 3 | 2];
    let mut length = bytes.len();
    while length > 0x7f {
        encoded.push((length & 0x7f) as u8 | 0x80);
        length >>= 7;
    }
    encoded.push(length as u8);
    encoded.extend(bytes);
    encoded
}
