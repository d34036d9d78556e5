//! The ABI's encoding of header maps: a count, the lengths of each name and value, then the texts, each followed by NUL.

use std::ops::{Deref, Range};

/// Names and values, each line separately.
pub type Pairs = Vec<(Vec<u8>, Vec<u8>)>;

/// A header map from Envoy, read in place.
#[derive(Debug)]
pub struct Map<B> {
    bytes: B,
    /// The positions of the values of [`PSEUDO`].
    pseudo: [Option<Range<usize>>; PSEUDO.len()],
}

/// The headers that rules use most.
const PSEUDO: [&str; 3] = [":method", ":path", ":authority"];

impl<B: Deref<Target = [u8]>> Map<B> {
    /// Parses a map; `None` if it is malformed. An empty input is a map without headers.
    pub fn of(bytes: B) -> Option<Self> {
        let mut pseudo = [const { None }; PSEUDO.len()];
        let mut lines = Lines::of(&bytes)?;
        while let Some(line) = lines.next() {
            let (name, value) = line?;
            if name.first() == Some(&b':')
                && let Some(at) = PSEUDO.iter().position(|known| known.as_bytes() == name)
                && let Some(first @ None) = pseudo.get_mut(at)
            {
                // Before the rest, and the NUL after it.
                let end = bytes.len().checked_sub(lines.texts.len())?.checked_sub(1)?;
                *first = Some(end.checked_sub(value.len())?..end);
            }
        }
        Some(Self { bytes, pseudo })
    }

    /// The first line of `:method`, `:path` or `:authority`, found in advance; `None` for any other header.
    pub fn pseudo(&self, name: &str) -> Option<Option<&[u8]>> {
        let at = PSEUDO.iter().position(|known| *known == name)?;
        let place = self.pseudo.get(at)?;
        Some(place.clone().and_then(|place| self.bytes.get(place)))
    }

    /// Names and values, each line separately.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        Lines::of(&self.bytes).into_iter().flatten().flatten()
    }

    /// The original bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// Iterates over a header map; a `None` among the lines means that it is malformed there.
struct Lines<'b> {
    lengths: &'b [u8],
    texts: &'b [u8],
}

impl<'b> Lines<'b> {
    fn of(bytes: &'b [u8]) -> Option<Self> {
        if bytes.is_empty() {
            return Some(Self {
                lengths: &[],
                texts: &[],
            });
        }
        let (count, rest) = number(bytes)?;
        let (lengths, texts) = rest.split_at_checked(count.checked_mul(8)?)?;
        Some(Self { lengths, texts })
    }

    fn line(&mut self) -> Option<(&'b [u8], &'b [u8])> {
        let (name_length, after) = number(self.lengths)?;
        let (value_length, after) = number(after)?;
        self.lengths = after;
        let (name, after) = text(self.texts, name_length)?;
        let (value, after) = text(after, value_length)?;
        self.texts = after;
        Some((name, value))
    }
}

impl<'b> Iterator for Lines<'b> {
    type Item = Option<(&'b [u8], &'b [u8])>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.lengths.is_empty() {
            return None;
        }
        let line = self.line();
        if line.is_none() {
            self.lengths = &[];
        }
        Some(line)
    }
}

/// Decodes a header map; `None` if it is malformed. An empty input is a map without headers.
pub fn decode(bytes: &[u8]) -> Option<Pairs> {
    let owned = |(name, value): (&[u8], &[u8])| (name.to_vec(), value.to_vec());
    Lines::of(bytes)?.map(|line| line.map(owned)).collect()
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
pub fn encode(pairs: &Pairs) -> Vec<u8> {
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
