//! Checks free memory first. If the allocator runs out, the module traps, and after a trap in `proxy_on_configure`
//! Envoy runs the chain without it. So large tasks begin only if there is memory for them.

use std::hint::black_box;

use peerwarden_engine::limits;

/// The size of a page in bytes.
const PAGE: usize = 64 * 1024;

/// Memory that every host provides without being asked: V8 in Envoy provides 1 GiB.
const GIVEN: usize = 512 * 1024 * 1024;

/// Memory reserved for streams.
const RESERVE: usize = 48 * 1024 * 1024;

/// The limit on the bytes of superseded configurations: two of the largest size.
pub(crate) const KEPT: usize = limits::CONFIGURATION_BYTES * 2;

/// Freed memory is fragmented. A single allocation of a configuration is at most this fraction of its total.
const PARTS: usize = 16;

/// Whether the allocator has this many bytes, and a reserve.
pub(crate) fn is_there(bytes: usize) -> bool {
    let wanted = bytes.saturating_add(RESERVE);
    if size().saturating_add(wanted) <= GIVEN {
        return true;
    }
    let part = wanted.div_ceil(PARTS);
    let mut parts = [const { Vec::<u8>::new() }; PARTS];
    let found = parts
        .iter_mut()
        .all(|bytes| bytes.try_reserve_exact(part).is_ok());
    // Otherwise the compiler sees that they are unused, and removes the allocations.
    black_box(&parts);
    found
}

/// The memory that the module has from its host, used or not.
pub(crate) fn size() -> usize {
    core::arch::wasm32::memory_size::<0>().saturating_mul(PAGE)
}
