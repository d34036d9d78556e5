//! How much memory there is. Where the allocator has none left the module traps, and after a trap in `proxy_on_configure` Envoy runs
//! the chain without it. So what takes much is begun only if its memory is there.

use std::hint::black_box;

use peerwarden_engine::limits;

/// Bytes of one page.
const PAGE: usize = 64 * 1024;

/// Every host gives so much without being asked first: V8 in Envoy gives 1 GiB.
const GIVEN: usize = 512 * 1024 * 1024;

/// Left for streams.
const RESERVE: usize = 48 * 1024 * 1024;

/// Bytes of superseded configurations that are kept as Envoy handed them out: two of the largest.
pub(crate) const KEPT: usize = limits::CONFIGURATION_BYTES * 2;

/// Memory that was used before is there in pieces. Nothing that a configuration asks for at once is larger than such a part of all it
/// takes.
const PARTS: usize = 16;

/// Whether the allocator has so many bytes, and some to spare.
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
    // Otherwise the compiler sees that nothing is done with them, and takes for granted that they are there.
    black_box(&parts);
    found
}

/// What the module has from its host, whether it is used or not.
pub(crate) fn size() -> usize {
    core::arch::wasm32::memory_size::<0>().saturating_mul(PAGE)
}
