//! Header maps in the ABI's encoding
//! (<https://github.com/proxy-wasm/spec/tree/main/abi-versions/v0.2.1#serialization>).

use peerwarden_wire::pairs::{Map, Pairs, decode, encode};

pub(super) fn run(bytes: &[u8]) {
    let read = decode(bytes);
    assert_eq!(read, definition(bytes), "{bytes:?}");
    let map = Map::of(bytes);
    assert_eq!(map.is_some(), read.is_some(), "{bytes:?}");
    let (Some(map), Some(pairs)) = (map, read) else {
        return;
    };
    let lines = || {
        pairs
            .iter()
            .map(|(name, value)| (name.as_slice(), value.as_slice()))
    };
    assert!(map.iter().eq(lines()), "{bytes:?}");
    for name in [":method", ":path", ":authority"] {
        let first = lines()
            .find(|(known, _)| *known == name.as_bytes())
            .map(|(_, value)| value);
        assert_eq!(map.pseudo(name), Some(first), "{name} of {bytes:?}");
    }
    assert_eq!(decode(&encode(&pairs)).as_ref(), Some(&pairs), "{bytes:?}");
}

/// The definition, index by index. An empty input is a map without headers; bytes after the last text are ignored.
fn definition(bytes: &[u8]) -> Option<Pairs> {
    let number = |index: usize| {
        let bytes = bytes.get(4 * index..4 * index + 4)?;
        Some(u32::from_le_bytes(bytes.try_into().ok()?) as usize)
    };
    if bytes.is_empty() {
        return Some(Pairs::new());
    }
    let count = number(0)?;
    // No map has more lines than bytes.
    if count > bytes.len() {
        return None;
    }
    let mut at = 4 + 8 * count;
    let mut text = |length: usize| {
        let text = bytes.get(at..at + length)?;
        (bytes.get(at + length) == Some(&0)).then_some(())?;
        at += length + 1;
        Some(text.to_vec())
    };
    (0..count)
        .map(|line| Some((text(number(1 + 2 * line)?)?, text(number(2 + 2 * line)?)?)))
        .collect()
}
