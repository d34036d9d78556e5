//! The ABI's encoding of header maps: a count, the lengths of each name and value, then the texts, each followed by NUL.

/// Names and values, each line apart.
pub(crate) type Pairs = Vec<(Vec<u8>, Vec<u8>)>;

/// Decodes a header map; `None` when it is malformed. No bytes at all are a map without headers.
pub(crate) fn decode(bytes: &[u8]) -> Option<Pairs> {
    if bytes.is_empty() {
        return Some(Vec::new());
    }
    let (count, rest) = number(bytes)?;
    let (mut lengths, mut texts) = rest.split_at_checked(count.checked_mul(8)?)?;
    let mut pairs = Vec::with_capacity(count);
    while !lengths.is_empty() {
        let (name_length, after) = number(lengths)?;
        let (value_length, after) = number(after)?;
        lengths = after;
        let (name, after) = text(texts, name_length)?;
        let (value, after) = text(after, value_length)?;
        texts = after;
        pairs.push((name.to_vec(), value.to_vec()));
    }
    Some(pairs)
}

fn number(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (number, rest) = bytes.split_first_chunk::<4>()?;
    Some((usize::try_from(u32::from_le_bytes(*number)).ok()?, rest))
}

fn text(bytes: &[u8], length: usize) -> Option<(&[u8], &[u8])> {
    let (text, rest) = bytes.split_at_checked(length)?;
    Some((text, rest.strip_prefix(b"\0")?))
}

/// Encodes a header map.
pub(crate) fn encode(pairs: &Pairs) -> Vec<u8> {
    let number = |length: usize| u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes();
    let mut bytes = number(pairs.len()).to_vec();
    for (name, value) in pairs {
        bytes.extend(number(name.len()));
        bytes.extend(number(value.len()));
    }
    for text in pairs.iter().flat_map(|(name, value)| [name, value]) {
        bytes.extend(text);
        bytes.push(0);
    }
    bytes
}
