//! Certificates that were read before: each request of a connection shows the same one, and reading it costs more than all the rest.
//!
//! What is remembered hangs on the certificate's bytes and on nothing else, so that it cannot be stale, whatever connection or
//! configuration asks.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::rc::Rc;

use peerwarden_wire::certificate::{self, Names};

/// So many are remembered at least, and twice as many at most.
const GENERATION: usize = 512;

/// A certificate that is larger is read again each time.
const LARGEST: usize = 8 * 1024;

/// The line that ends a certificate, with its line break and what the last line of the signature may lack.
const END: usize = 32;

/// Bytes of the signature, which is as good as random and differs between any two: one is found by them. Should two share them, the one
/// displaces the other.
type Mark = u64;

type NamesByMark = HashMap<Mark, (Vec<u8>, Rc<Names>), BuildHasherDefault<MarkHasher>>;

/// A mark, its bits mixed: as text each of its bytes has six that say something.
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

/// Those that were asked for lately, and those of before.
#[derive(Default)]
struct CertificateCache {
    young: NamesByMark,
    old: NamesByMark,
}

thread_local! {
    static KNOWN: RefCell<CertificateCache> = RefCell::default();
}

/// The names in a PEM certificate; `None` when it cannot be read.
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

/// Equality, eight bytes at a time: on Wasm that of slices goes byte by byte.
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
