//! The time, as of the last timer callback: a decision need not ask Envoy for it.

use std::cell::Cell;

use crate::abi;

const NANOS_PER_SECOND: u64 = 1_000_000_000;

thread_local! {
    /// In nanoseconds since 1970; `None` while no timer keeps the time.
    static SEEN: Cell<Option<u64>> = const { Cell::new(None) };
}

/// Asks Envoy for the time, in nanoseconds since 1970.
pub(crate) fn now() -> Option<u64> {
    abi::now().ok()
}

/// Sets the time, when the timer has fired.
pub(crate) fn is(nanos: u64) {
    SEEN.set(Some(nanos));
}

/// Clears the time, as no timer keeps it any more.
pub(crate) fn is_not_kept() {
    SEEN.set(None);
}

/// The time as a timer keeps it, in nanoseconds since 1970; `None` while none does.
pub(crate) fn kept() -> Option<u64> {
    SEEN.get()
}

/// Whether a timer keeps the time.
pub(crate) fn is_kept() -> bool {
    kept().is_some()
}

/// The time in nanoseconds since 1970, at most one period of the timer old ([`crate::timer::IDLE`]); `None` without a
/// clock.
pub(crate) fn nanos() -> Option<u64> {
    kept().or_else(now)
}

/// The same in seconds.
pub(crate) fn seconds() -> Option<u64> {
    nanos().map(|nanos| nanos / NANOS_PER_SECOND)
}
