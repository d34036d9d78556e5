//! The value of an attribute, and its encoding.

use crate::pairs;
use crate::status::Status;

/// A value of one of the types of Envoy's expressions.
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
    /// A null, or a map whose keys cannot be listed: it has no encoding.
    Null,
}

impl Value {
    pub(crate) fn text(text: &str) -> Self {
        Self::Bytes(text.as_bytes().to_vec())
    }

    /// Encodes the value: texts as they are, numbers as eight bytes in little-endian order, booleans as one byte, maps and lists in
    /// the encoding of header maps, where the values of a list take the place of names.
    ///
    /// # Errors
    /// [`Status::SerializationFailure`] if a part of it has no encoding.
    pub(crate) fn encode(&self) -> Result<Vec<u8>, Status> {
        Ok(match self {
            Value::Bytes(bytes) => bytes.clone(),
            Value::Int(number) => number.to_le_bytes().to_vec(),
            Value::Double(number) => number.to_le_bytes().to_vec(),
            Value::Bool(value) => vec![u8::from(*value)],
            Value::Nanoseconds(number) => number.to_le_bytes().to_vec(),
            Value::Map(entries) => {
                let pairs = entries
                    .iter()
                    .map(|(name, value)| Ok((name.clone(), value.encode()?)));
                pairs::encode(&pairs.collect::<Result<Vec<_>, Status>>()?)
            }
            Value::List(items) => {
                let pairs = items.iter().map(|value| Ok((value.encode()?, Vec::new())));
                pairs::encode(&pairs.collect::<Result<Vec<_>, Status>>()?)
            }
            Value::Null => return Err(Status::SerializationFailure),
        })
    }
}
