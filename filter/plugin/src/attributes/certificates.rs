//! A cache of parsed certificates: all requests of a connection have the same one, and parsing it costs more than
//! everything else.
//!
//! An entry depends only on the certificate's bytes, so it cannot be stale, whatever the connection or configuration.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::rc::Rc;

use peerwarden_wire::certificate::{self, Names};

/// The number of cached certificates; at times twice as many.
const GENERATION: usize = 512;

/// The largest certificate in the cache, in bytes; a larger one is parsed each time.
const LARGEST: usize = 8 * 1024;

/// The length of a certificate's last line with its line break, plus the padding of the signature's last line.
const END: usize = 32;

/// Bytes of the signature, which are practically random: they identify a certificate. If two certificates share them,
/// one replaces the other.
type Mark = u64;

type NamesByMark = HashMap<Mark, (Vec<u8>, Rc<Names>), BuildHasherDefault<MarkHasher>>;

/// Mixes the bits of a mark: as it is text, only six bits of each byte vary.
#[derive(Default)]
struct MarkHasher(u64);

impl Hasher for MarkHasher {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64((*byte).into());
        }
    }

    fn write_u64(&mut self, mark: u64) {
        let mixed = (self.0 ^ mark).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = mixed ^ mixed.wrapping_shr(32);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// Recently used certificates, and older ones.
#[derive(Default)]
struct CertificateCache {
    young: NamesByMark,
    old: NamesByMark,
}

thread_local! {
    static KNOWN: RefCell<CertificateCache> = RefCell::default();
}

/// The names in a PEM certificate; `None` if it cannot be parsed.
pub(super) fn read(pem: &[u8]) -> Option<Rc<Names>> {
    let Some(mark) = mark(pem).filter(|_| pem.len() <= LARGEST) else {
        return certificate::read(pem).map(Rc::new);
    };
    KNOWN.with_borrow_mut(|known| {
        if let Some(names) = find(&known.young, mark, pem) {
            return Some(names);
        }
        let names = match find(&known.old, mark, pem) {
            Some(names) => names,
            None => Rc::new(certificate::read(pem)?),
        };
        if known.young.len() >= GENERATION {
            known.old = std::mem::take(&mut known.young);
        }
        known.young.insert(mark, (pem.to_vec(), Rc::clone(&names)));
        Some(names)
    })
}

fn mark(pem: &[u8]) -> Option<Mark> {
    let from = pem.len().checked_sub(size_of::<Mark>().saturating_add(END))?;
    pem.get(from..)?
        .first_chunk()
        .map(|bytes| u64::from_ne_bytes(*bytes))
}

fn find(known: &NamesByMark, mark: Mark, pem: &[u8]) -> Option<Rc<Names>> {
    let (of, names) = known.get(&mark)?;
    is_same(of, pem).then(|| Rc::clone(names))
}

/// Equality, eight bytes at a time: on Wasm, slices are compared byte by byte.
fn is_same(left: &[u8], right: &[u8]) -> bool {
    let (left_words, left_rest) = left.as_chunks::<8>();
    let (right_words, right_rest) = right.as_chunks::<8>();
    let word = |bytes: &[u8; 8]| u64::from_ne_bytes(*bytes);
    left.len() == right.len()
        && left_rest == right_rest
        && left_words
            .iter()
            .zip(right_words)
            .all(|(left, right)| word(left) == word(right))
}
