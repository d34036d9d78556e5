//! The ABI's encoding of maps: a count, the lengths of each name and value, then the texts, each followed by NUL.

use crate::connection::Headers;

/// Encodes a map; an empty one is a count of 0.
pub(crate) fn encode(pairs: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut number = |number: usize| bytes.extend(u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes());
    number(pairs.len());
    for (name, value) in pairs {
        number(name.len());
        number(value.len());
    }
    for text in pairs.iter().flat_map(|(name, value)| [name, value]) {
        bytes.extend(text);
        bytes.push(0);
    }
    bytes
}

/// Decodes a map; no bytes are an empty one. `None` if it is malformed, has trailing bytes, or exceeds Envoy's limits: 1 MiB and
/// 1024 pairs.
pub(crate) fn decode(bytes: &[u8]) -> Option<Headers> {
    if bytes.is_empty() {
        return Some(Headers::new());
    }
    if bytes.len() > 1024 * 1024 {
        return None;
    }
    let (count, rest) = number(bytes)?;
    if count > 1024 {
        return None;
    }
    let (mut lengths, mut texts) = rest.split_at_checked(count * 8)?;
    let mut pairs = Headers::with_capacity(count);
    while !lengths.is_empty() {
        let (name, after) = number(lengths)?;
        let (value, after) = number(after)?;
        lengths = after;
        let (name, after) = text(texts, name)?;
        let (value, after) = text(after, value)?;
        texts = after;
        pairs.push((name.to_vec(), value.to_vec()));
    }
    texts.is_empty().then_some(pairs)
}

fn number(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (number, rest) = bytes.split_first_chunk::<4>()?;
    Some((usize::try_from(u32::from_le_bytes(*number)).ok()?, rest))
}

fn text(bytes: &[u8], length: usize) -> Option<(&[u8], &[u8])> {
    let (text, rest) = bytes.split_at_checked(length)?;
    Some((text, rest.strip_prefix(b"\0")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip_and_malformed() {
        let pairs: Headers = vec![
            (b"a".into(), b"1".into()),
            (b"a".into(), b"".into()),
            (b"".into(), b"\0x".into()),
        ];
        let bytes = encode(&pairs);
        assert_eq!(decode(&bytes), Some(pairs));
        for end in 1..bytes.len() {
            assert_eq!(decode(&bytes[..end]), None, "{end} bytes");
        }
        assert_eq!(decode(&[&bytes[..], b"x"].concat()), None);
        assert_eq!(
            (decode(&[]), decode(&encode(&[]))),
            (Some(Headers::new()), Some(Headers::new()))
        );
        assert_eq!(decode(&2000_u32.to_le_bytes()), None);
    }
}
