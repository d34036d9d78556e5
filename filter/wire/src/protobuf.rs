//! Protobuf's wire format: parses `google.protobuf.Struct` and other messages from Envoy, and writes messages for it
//! (<https://protobuf.dev/programming-guides/encoding/>).

mod encode;

use peerwarden_engine::document::Value;
use peerwarden_engine::limits::CONFIGURATION_FIELDS;

pub use encode::Message;

/// `google.protobuf.Struct`: `fields` (1) maps names to values. A message with other fields is not a `Struct`. `None`
/// if it is malformed, or nested deeper than `depth`.
pub fn object(bytes: &[u8], depth: usize) -> Option<Value> {
    let mut fields = Vec::new();
    for field in Fields(bytes) {
        let (1, Wire::Bytes(entry)) = field? else {
            return None;
        };
        let (name, bytes) = map_entry(entry)?;
        fields.push((name, value(bytes, depth)?));
    }
    Some(Value::Object(fields))
}

/// As [`object`], with an empty list in place of the one under `name`, whose entries are for [`entries`]. No name may
/// occur twice, and nothing else may be in that list's value: an entry that one of the two parsers skips would be lost.
pub fn object_beside(bytes: &[u8], name: &str, depth: usize) -> Option<Value> {
    let mut fields: Vec<(String, Value)> = Vec::new();
    for field in Fields(bytes) {
        let (1, Wire::Bytes(entry)) = field? else {
            return None;
        };
        let (known, bytes) = map_entry(entry)?;
        if fields.len() >= CONFIGURATION_FIELDS || fields.iter().any(|(before, _)| *before == known) {
            return None;
        }
        let read = match list_in(bytes) {
            Some(_) if known == name => Value::List(Vec::new()),
            Some(_) | None => value(bytes, depth)?,
        };
        if known == name && matches!(&read, Value::List(items) if !items.is_empty()) {
            return None;
        }
        fields.push((known, read));
    }
    Some(Value::Object(fields))
}

/// The entries of the list under `name` of a `google.protobuf.Struct`, one at a time.
pub fn entries(bytes: &[u8], name: &str, depth: usize, mut each: impl FnMut(&Value)) -> Option<()> {
    let depth = depth.checked_sub(1)?;
    for field in Fields(bytes) {
        let (1, Wire::Bytes(entry)) = field? else {
            return None;
        };
        let (known, bytes) = map_entry(entry)?;
        let list = list_in(bytes).filter(|_| known == name);
        for item in list.into_iter().flat_map(Fields) {
            if let (1, Wire::Bytes(bytes)) = item? {
                each(&value(bytes, depth)?);
            }
        }
    }
    Some(())
}

/// The `ListValue` of a `Value` that is nothing else.
fn list_in(bytes: &[u8]) -> Option<&[u8]> {
    let mut fields = Fields(bytes);
    match (fields.next()??, fields.next()) {
        ((6, Wire::Bytes(list)), None) => Some(list),
        _ => None,
    }
}

/// `google.protobuf.ListValue`: `values` (1).
fn list(bytes: &[u8], depth: usize) -> Option<Value> {
    let mut items = Vec::new();
    for field in Fields(bytes) {
        if let (1, Wire::Bytes(bytes)) = field? {
            items.push(value(bytes, depth)?);
        }
    }
    Some(Value::List(items))
}

/// `google.protobuf.Value`: one of null (1), number (2), string (3), bool (4), struct (5), list (6).
fn value(bytes: &[u8], depth: usize) -> Option<Value> {
    let depth = depth.checked_sub(1)?;
    let mut read = Value::Null;
    for field in Fields(bytes) {
        read = match field? {
            (1, Wire::Varint(_)) => Value::Null,
            (2, Wire::Fixed64(bits)) => Value::Number(f64::from_bits(bits)),
            (3, Wire::Bytes(text)) => Value::String(String::from_utf8(text.to_vec()).ok()?),
            (4, Wire::Varint(bit)) => Value::Bool(bit != 0),
            (5, Wire::Bytes(bytes)) => object(bytes, depth)?,
            (6, Wire::Bytes(bytes)) => list(bytes, depth)?,
            (_, Wire::Varint(_) | Wire::Fixed64(_) | Wire::Bytes(_) | Wire::Fixed32) => continue,
        };
    }
    Some(read)
}

/// An entry of a map: key (1), value (2).
pub fn map_entry(bytes: &[u8]) -> Option<(String, &[u8])> {
    let (mut key, mut value): (&[u8], &[u8]) = (&[], &[]);
    for field in Fields(bytes) {
        match field? {
            (1, Wire::Bytes(bytes)) => key = bytes,
            (2, Wire::Bytes(bytes)) => value = bytes,
            (_, Wire::Varint(_) | Wire::Fixed64(_) | Wire::Bytes(_) | Wire::Fixed32) => {}
        }
    }
    Some((String::from_utf8(key.to_vec()).ok()?, value))
}

/// The wire value of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire<'b> {
    /// A number.
    Varint(u64),
    /// Eight bytes, as a number.
    Fixed64(u64),
    /// A text, bytes, or a message.
    Bytes(&'b [u8]),
    /// Four bytes, which no message that is parsed here has.
    Fixed32,
}

/// The fields of a message; a `None` among them means that it is malformed there.
#[derive(Debug, Clone)]
pub struct Fields<'b>(pub &'b [u8]);

impl<'b> Iterator for Fields<'b> {
    type Item = Option<(u64, Wire<'b>)>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = self.read();
        if field.is_none() {
            self.0 = &[];
        }
        Some(field)
    }
}

impl<'b> Fields<'b> {
    fn read(&mut self) -> Option<(u64, Wire<'b>)> {
        let tag = self.varint()?;
        let wire = match tag & 7 {
            0 => Wire::Varint(self.varint()?),
            1 => {
                let (bits, rest) = self.0.split_first_chunk::<8>()?;
                self.0 = rest;
                Wire::Fixed64(u64::from_le_bytes(*bits))
            }
            2 => {
                let length = usize::try_from(self.varint()?).ok()?;
                let (bytes, rest) = self.0.split_at_checked(length)?;
                self.0 = rest;
                Wire::Bytes(bytes)
            }
            5 => {
                self.0 = self.0.split_at_checked(4)?.1;
                Wire::Fixed32
            }
            _ => return None,
        };
        Some((tag.checked_shr(3)?, wire))
    }

    fn varint(&mut self) -> Option<u64> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            number |= u64::from(byte & 0x7f).checked_shl(shift)?;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }
}
