//! SipHash-2-4 (<https://www.aumasson.jp/siphash/siphash.pdf>), with the same result on every platform.

use std::hash::Hasher;

/// A hasher that takes bytes one at a time and keeps none of them.
///
/// Unlike the hashers of the standard library its algorithm is fixed, and lengths and variants count as 64 bits everywhere: the
/// module has 32-bit ones, the command 64-bit ones.
#[derive(Debug, Clone)]
pub(super) struct SipHash {
    state: [u64; 4],
    /// The last eight bytes, the newest the highest.
    word: u64,
    length: u64,
}

impl SipHash {
    /// A hasher with a key, which separates hashes for one purpose from those for another.
    pub(super) fn new(key: [u64; 2]) -> Self {
        let [low, high] = key;
        Self {
            state: [
                low ^ 0x736f_6d65_7073_6575,
                high ^ 0x646f_7261_6e64_6f6d,
                low ^ 0x6c79_6765_6e65_7261,
                high ^ 0x7465_6462_7974_6573,
            ],
            word: 0,
            length: 0,
        }
    }

    fn rounds(&mut self, count: u8) {
        let [mut a, mut b, mut c, mut d] = self.state;
        for _ in 0..count {
            a = a.wrapping_add(b);
            b = b.rotate_left(13) ^ a;
            a = a.rotate_left(32);
            c = c.wrapping_add(d);
            d = d.rotate_left(16) ^ c;
            a = a.wrapping_add(d);
            d = d.rotate_left(21) ^ a;
            c = c.wrapping_add(b);
            b = b.rotate_left(17) ^ c;
            c = c.rotate_left(32);
        }
        self.state = [a, b, c, d];
    }

    /// Eight bytes, the first the lowest.
    fn take(&mut self, word: u64) {
        let waiting = u32::try_from(self.length & 7).unwrap_or(0).saturating_mul(8);
        let before = self.word.checked_shr(64_u32.saturating_sub(waiting)).unwrap_or(0);
        self.word = word;
        self.length = self.length.wrapping_add(8);
        self.compress(before | word.wrapping_shl(waiting));
    }

    #[inline(never)]
    fn compress(&mut self, word: u64) {
        let [.., d] = &mut self.state;
        *d ^= word;
        self.rounds(2);
        let [a, ..] = &mut self.state;
        *a ^= word;
    }
}

impl Hasher for SipHash {
    // Once in the module, and not in each place that has something to hash.
    #[inline(never)]
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks();
        for word in words {
            self.take(u64::from_le_bytes(*word));
        }
        for byte in rest {
            self.word = (self.word >> 8) | (u64::from(*byte) << 56);
            self.length = self.length.wrapping_add(1);
            if self.length & 7 == 0 {
                self.compress(self.word);
            }
        }
    }

    #[inline(never)]
    fn write_u64(&mut self, number: u64) {
        self.take(number.to_le());
    }

    #[inline(never)]
    fn write_usize(&mut self, number: usize) {
        self.write_u64(u64::try_from(number).unwrap_or(u64::MAX));
    }

    #[inline(never)]
    fn write_isize(&mut self, number: isize) {
        self.write_i64(i64::try_from(number).unwrap_or(i64::MAX));
    }

    fn finish(&self) -> u64 {
        let mut last = self.clone();
        let waiting = u32::try_from(self.length & 7).unwrap_or(0);
        let unused = 64_u32.saturating_sub(waiting.saturating_mul(8));
        let rest = self.word.checked_shr(unused).unwrap_or(0);
        last.compress(rest | (self.length << 56));
        let [_, _, c, _] = &mut last.state;
        *c ^= 0xff;
        last.rounds(4);
        let [a, b, c, d] = last.state;
        a ^ b ^ c ^ d
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key, the messages and some of the results of the authors' test vectors: 0, 1, 2 … as key and as message.
    #[test]
    fn test_vectors() {
        let key = [0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908];
        let message: Vec<u8> = (0..15).collect();
        for (length, expected) in [
            (0, 0x726f_db47_dd0e_0e31),
            (1, 0x74f8_39c5_93dc_67fd),
            (7, 0xab02_00f5_8b01_d137),
            (8, 0x93f5_f579_9a93_2462),
            (15, 0xa129_ca61_49be_45e5_u64),
        ] {
            let mut hasher = SipHash::new(key);
            hasher.write(&message[..length]);
            assert_eq!(hasher.finish(), expected, "{length} bytes");
            let mut hasher = SipHash::new(key);
            message[..length]
                .iter()
                .for_each(|byte| hasher.write(std::slice::from_ref(byte)));
            assert_eq!(hasher.finish(), expected, "{length} bytes, one at a time");
            for first in 0..length.min(8) {
                let mut hasher = SipHash::new(key);
                let (one, other) = message[..length].split_at(first);
                hasher.write(one);
                hasher.write(other);
                assert_eq!(hasher.finish(), expected, "{length} bytes, {first} of them first");
            }
        }
    }
}
