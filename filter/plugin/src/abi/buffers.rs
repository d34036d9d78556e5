//! Reusable buffers for Envoy's answers: it asks the module for memory with each answer, and allocating costs as much
//! as a small decision.
#![expect(
    unsafe_code,
    reason = "the ABI knows the function that allocates by its name, which may be another's; this is the only one here"
)]

use std::cell::RefCell;
use std::mem;
use std::ops::Deref;
use std::ptr;

/// The smallest buffer in bytes, so that the next answer fits too.
const LEAST: usize = 1024;

/// A larger buffer is returned to the allocator.
const MOST: usize = 64 * 1024;

/// The number of buffers that are kept, and of those that Envoy has at a time.
const COUNT: usize = 4;

struct Buffers {
    free: Vec<Vec<u8>>,
    /// The buffers that Envoy writes to.
    lent: Vec<Vec<u8>>,
}

thread_local! {
    static BUFFERS: RefCell<Buffers> = const {
        RefCell::new(Buffers { free: Vec::new(), lent: Vec::new() })
    };
}

/// Bytes that Envoy returned.
#[derive(Debug, Default)]
pub(crate) struct Bytes {
    /// The bytes, and the rest of their buffer.
    buffer: Vec<u8>,
    length: usize,
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.buffer.get(..self.length).unwrap_or_default()
    }
}

impl Drop for Bytes {
    fn drop(&mut self) {
        let buffer = mem::take(&mut self.buffer);
        if (LEAST..=MOST).contains(&buffer.len()) {
            BUFFERS.with_borrow_mut(|buffers| {
                if buffers.free.len() < COUNT {
                    buffers.free.push(buffer);
                }
            });
        }
    }
}

impl Bytes {
    /// The bytes that Envoy wrote to one of our buffers; `None` if it is not one.
    pub(super) fn at(place: *const u8, length: usize) -> Option<Self> {
        BUFFERS.with_borrow_mut(|buffers| {
            let mut lent = buffers.lent.iter();
            let at = lent.position(|buffer| buffer.as_ptr() == place && length <= buffer.len())?;
            let buffer = buffers.lent.swap_remove(at);
            Some(Self { buffer, length })
        })
    }

    /// Removes the bytes after this length.
    pub(crate) fn truncate(&mut self, length: usize) {
        self.length = self.length.min(length);
    }

    /// Copies the bytes.
    pub(crate) fn to_vec(&self) -> Vec<u8> {
        self.deref().to_vec()
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(buffer: Vec<u8>) -> Self {
        let length = buffer.len();
        Self { buffer, length }
    }
}

/// Gives Envoy `size` bytes to write to (<https://github.com/proxy-wasm/spec/tree/main/abi-versions/v0.2.1#proxy_on_memory_allocate>).
#[unsafe(no_mangle)]
extern "C" fn proxy_on_memory_allocate(size: usize) -> *mut u8 {
    BUFFERS.with_borrow_mut(|buffers| {
        let fits = buffers.free.iter().rposition(|buffer| buffer.len() >= size);
        let mut buffer = match fits {
            Some(at) => buffers.free.swap_remove(at),
            None => {
                let length = size.max(LEAST);
                let mut buffer = Vec::new();
                // Envoy treats no memory as an error, which the caller handles; a trap would cost all streams.
                if buffer.try_reserve_exact(length).is_err() {
                    return ptr::null_mut();
                }
                buffer.resize(length, 0);
                buffer
            }
        };
        let place = buffer.as_mut_ptr();
        // A buffer that nobody requested was never lent.
        if buffers.lent.len() >= COUNT {
            buffers.lent.remove(0);
        }
        buffers.lent.push(buffer);
        place
    })
}
