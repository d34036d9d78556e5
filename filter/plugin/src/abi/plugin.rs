//! The parts of a plugin outside of any stream: its configuration, its timer and the clock.

use super::buffers::Bytes;
use super::imports::{
    proxy_get_buffer_bytes, proxy_get_current_time_nanoseconds, proxy_set_tick_period_milliseconds,
};
use super::status::{HostError, buffer, status};

/// The plugin's configuration; readable only while it is being configured.
pub(crate) fn plugin_configuration() -> Result<Option<Bytes>, HostError> {
    const PLUGIN_CONFIGURATION: u32 = 7;
    // SAFETY: `buffer` gives valid places for the results.
    buffer(|data, size| unsafe { proxy_get_buffer_bytes(PLUGIN_CONFIGURATION, 0, usize::MAX, data, size) })
}

/// Sets the period of the root context's timer in milliseconds; 0 turns it off.
pub(crate) fn set_tick_period(period: u32) -> Result<(), HostError> {
    // SAFETY: no pointers.
    status(unsafe { proxy_set_tick_period_milliseconds(period) })
}

/// Nanoseconds since 1970.
pub(crate) fn now() -> Result<u64, HostError> {
    let mut time = 0;
    // SAFETY: `time` is a valid place.
    status(unsafe { proxy_get_current_time_nanoseconds(&raw mut time) }).map(|()| time)
}
