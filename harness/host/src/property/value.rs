//! A value of an attribute, and how it is written.

use crate::pairs;

/// A value of the kinds that Envoy's expressions have.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    /// A text, bytes, or a serialised message.
    Bytes(Vec<u8>),
    /// A signed or unsigned number.
    Int(i64),
    Double(f64),
    Bool(bool),
    /// A time or a duration in nanoseconds.
    Nanoseconds(u64),
    Map(Vec<(Vec<u8>, Value)>),
    List(Vec<Value>),
}

impl Value {
    pub(crate) fn text(text: &str) -> Self {
        Self::Bytes(text.as_bytes().to_vec())
    }

    /// Texts as they are, numbers as eight bytes in little-endian order, booleans as one byte, maps and lists in the
    /// encoding of header maps: a list has its values for names.
    pub(crate) fn encode(&self) -> Vec<u8> {
        match self {
            Value::Bytes(bytes) => bytes.clone(),
            Value::Int(number) => number.to_le_bytes().to_vec(),
            Value::Double(number) => number.to_le_bytes().to_vec(),
            Value::Bool(value) => vec![u8::from(*value)],
            Value::Nanoseconds(number) => number.to_le_bytes().to_vec(),
            Value::Map(entries) => {
                let pairs: Vec<_> = entries.iter().map(|(name, value)| (name.clone(), value.encode())).collect();
                pairs::encode(&pairs)
            }
            Value::List(items) => {
                let pairs: Vec<_> = items.iter().map(|value| (value.encode(), Vec::new())).collect();
                pairs::encode(&pairs)
            }
        }
    }
}
