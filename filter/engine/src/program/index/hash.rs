//! A hash that grows byte by byte, so that one pass over a text gives the hash of every prefix.

use std::hash::{Hash as _, Hasher};

use super::key::Key;

/// FNV-1a of 64 bits (<http://www.isthe.com/chongo/tech/comp/fnv/>). What it is given to find was put there by policies; a client that
/// makes texts collide costs that the rules of both are looked at, no more.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hash(u64);

impl Hash {
    pub(super) const EMPTY: Self = Self(0xcbf2_9ce4_8422_2325);

    pub(super) fn of<'b>(bytes: impl IntoIterator<Item = &'b u8>) -> Self {
        let mut hash = Self::EMPTY;
        hash.extend(bytes);
        hash
    }

    /// Of a text that is only ever looked up whole: eight bytes at a time, each as `fold` has it. Another than [`Hash::of`].
    pub(super) fn whole(text: &[u8], fold: impl Fn(u8) -> u8) -> Self {
        let mut state = FoldHasher(0);
        let (words, rest) = text.as_chunks::<8>();
        for word in words {
            state.write_u64(u64::from_le_bytes(word.map(&fold)));
        }
        let last = rest
            .iter()
            .fold(0, |last: u64, byte| last.wrapping_shl(8) | u64::from(fold(*byte)));
        state.write_u64(last);
        Self(state.0)
    }

    pub(super) fn push(&mut self, byte: u8) {
        self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }

    pub(super) fn extend<'b>(&mut self, bytes: impl IntoIterator<Item = &'b u8>) {
        for byte in bytes {
            self.push(*byte);
        }
    }

    /// With its bits mixed, as the table wants them at both ends.
    pub(super) fn finish(self) -> u64 {
        let mixed = (self.0 ^ self.0.wrapping_shr(32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed ^ mixed.wrapping_shr(29)
    }
}

/// A number that stands for what a key asks for, where a mistake costs no more than a worse estimate: eight bytes at a time.
pub(super) fn count_by(key: &Key<'_>) -> u64 {
    let mut state = FoldHasher(0);
    key.hash(&mut state);
    state.finish()
}

struct FoldHasher(u64);

impl Hasher for FoldHasher {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.write_u64(u64::from_le_bytes(*word));
        }
        let last = rest
            .iter()
            .fold(0, |last: u64, byte| last.wrapping_shl(8) | u64::from(*byte));
        self.write_u64(last);
    }

    fn write_u8(&mut self, byte: u8) {
        self.write_u64(byte.into());
    }

    fn write_u32(&mut self, number: u32) {
        self.write_u64(number.into());
    }

    fn write_u64(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn finish(&self) -> u64 {
        self.0 ^ self.0.wrapping_shr(32)
    }
}
