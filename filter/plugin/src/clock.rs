//! The time, as the timer saw it last: a decision need not ask Envoy for it.

use std::cell::Cell;

use crate::abi;

const NANOS_PER_SECOND: u64 = 1_000_000_000;

thread_local! {
    /// In nanoseconds since 1970; `None` while no timer keeps it.
    static SEEN: Cell<Option<u64>> = const { Cell::new(None) };
}

/// Asks Envoy, in nanoseconds since 1970.
pub(crate) fn now() -> Option<u64> {
    abi::now().ok()
}

/// The timer has gone off: until it does again, this is the time.
pub(crate) fn is(nanos: u64) {
    SEEN.set(Some(nanos));
}

/// No timer keeps the time any more.
pub(crate) fn is_not_kept() {
    SEEN.set(None);
}

/// Whether a timer keeps the time.
pub(crate) fn is_kept() -> bool {
    SEEN.get().is_some()
}

/// Nanoseconds since 1970, as they were at most one period of the timer ago ([`crate::timer::IDLE`]); `None` without a clock.
pub(crate) fn nanos() -> Option<u64> {
    SEEN.get().or_else(now)
}

/// The same in seconds.
pub(crate) fn seconds() -> Option<u64> {
    nanos().map(|nanos| nanos / NANOS_PER_SECOND)
}
