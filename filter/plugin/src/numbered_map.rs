//! A map keyed by Envoy's increasing ids.

use std::hash::{BuildHasherDefault, Hasher};

use hashbrown::HashMap;

/// Values by their ids.
pub(crate) type NumberedMap<T> = HashMap<u32, T, BuildHasherDefault<Sequence>>;

/// Spreads increasing numbers by one multiplication.
#[derive(Default)]
pub(crate) struct Sequence(u64);

impl Hasher for Sequence {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u32((*byte).into());
        }
    }

    fn write_u32(&mut self, number: u32) {
        /// 2^64 divided by the golden ratio.
        const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
        self.0 = (self.0 ^ u64::from(number)).wrapping_mul(SPREAD);
    }
}
