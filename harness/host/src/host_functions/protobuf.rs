//! The fields of a protobuf message (<https://protobuf.dev/programming-guides/encoding/>), as far as the arguments of host
//! calls need them.

/// The value of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FieldValue<'b> {
    /// A varint.
    Number(u64),
    /// A text, bytes or a message.
    Bytes(&'b [u8]),
    /// A number of fixed length, or a group.
    Other,
}

/// Each field's number and value, in the order of the bytes; `None` if they are not a message.
pub(super) fn fields(mut bytes: &[u8]) -> Option<Vec<(u64, FieldValue<'_>)>> {
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        fields.push(field(&mut bytes, 0)?);
    }
    Some(fields)
}

/// Protobuf's limit for nested groups.
const DEEPEST: usize = 100;

fn field<'b>(bytes: &mut &'b [u8], depth: usize) -> Option<(u64, FieldValue<'b>)> {
    let tag = varint(bytes)?;
    let number = (1..1 << 29).contains(&(tag >> 3)).then_some(tag >> 3)?;
    let value = match tag & 7 {
        0 => FieldValue::Number(varint(bytes)?),
        1 => take(bytes, 8).map(|_| FieldValue::Other)?,
        2 => {
            let length = usize::try_from(varint(bytes)?).ok()?;
            FieldValue::Bytes(take(bytes, length)?)
        }
        // A group: fields up to its end.
        3 if depth < DEEPEST => loop {
            let end = (number << 3) | 4;
            let mut rest = *bytes;
            if varint(&mut rest)? == end {
                *bytes = rest;
                break FieldValue::Other;
            }
            field(bytes, depth + 1)?;
        },
        5 => take(bytes, 4).map(|_| FieldValue::Other)?,
        _ => return None,
    };
    Some((number, value))
}

fn take<'b>(bytes: &mut &'b [u8], length: usize) -> Option<&'b [u8]> {
    let (taken, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(taken)
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}
