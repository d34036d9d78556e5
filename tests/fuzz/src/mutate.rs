//! Mutations of inputs, from a seed: the same on every machine.

/// The longest generated input.
const LONGEST: usize = 4096;

/// Numbers that replace lengths and counts.
const EDGES: [u8; 8] = [0, 1, 0x7f, 0x80, 0xff, b'0', b'9', b'/'];

/// Makes new inputs from existing ones.
#[derive(Debug)]
pub struct Mutator {
    state: u64,
}

impl Mutator {
    /// A mutator that makes the same from the same inputs with this seed.
    pub fn new(seed: u64) -> Self {
        Self {
            state: seed ^ 0x9e37_79b9_7f4a_7c15,
        }
    }

    /// The next input: one of `inputs`, changed in one to four places, with parts of the others or words of the
    /// `dictionary`.
    pub fn next(&mut self, inputs: &[Vec<u8>], dictionary: &[&str]) -> Vec<u8> {
        let mut input = inputs.get(self.below(inputs.len())).cloned().unwrap_or_default();
        for _ in 0..=self.below(4) {
            self.change(&mut input, inputs, dictionary);
        }
        input.truncate(LONGEST);
        input
    }

    /// This many random bytes.
    pub(crate) fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.byte()).collect()
    }

    fn change(&mut self, input: &mut Vec<u8>, inputs: &[Vec<u8>], dictionary: &[&str]) {
        let at = self.below(input.len() + 1);
        let length = 1 + self.below(16);
        let part = at..(at + length).min(input.len());
        match self.below(9) {
            0 => drop(input.drain(part)),
            1 => {
                let again = input[part].to_vec();
                insert(input, at, &again);
            }
            2 => {
                let bytes = self.bytes(length);
                insert(input, at, &bytes);
            }
            3 => {
                let word = dictionary
                    .get(self.below(dictionary.len()))
                    .copied()
                    .unwrap_or_default();
                insert(input, at, word.as_bytes());
            }
            4 => {
                let other = inputs.get(self.below(inputs.len())).cloned().unwrap_or_default();
                let from = self.below(other.len() + 1);
                let to = (from + 4 * length).min(other.len());
                insert(input, at, &other[from..to]);
            }
            5 => input.truncate(at),
            6 => {
                if let Some(byte) = input.get_mut(at) {
                    *byte ^= 1 << self.below(8);
                }
            }
            7 => {
                let edge = EDGES[self.below(EDGES.len())];
                if let Some(byte) = input.get_mut(at) {
                    *byte = edge;
                }
            }
            _ => {
                let change = self.byte() % 8;
                if let Some(byte) = input.get_mut(at) {
                    *byte = byte.wrapping_add(change).wrapping_sub(4);
                }
            }
        }
    }

    fn byte(&mut self) -> u8 {
        self.random().to_le_bytes()[4]
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.random() % (end.max(1) as u64)).unwrap_or(0)
    }

    /// SplitMix64 (<https://prng.di.unimi.it/splitmix64.c>).
    fn random(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ self.state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }
}

fn insert(input: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    input.splice(at..at, bytes.iter().copied());
}
