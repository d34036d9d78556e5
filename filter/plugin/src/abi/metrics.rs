//! Counters and gauges.

use super::imports::{proxy_define_metric, proxy_get_metric, proxy_increment_metric, proxy_record_metric};
use super::status::{HostError, status};

/// Defines a counter. Each call returns a new number, even for a known name.
pub(crate) fn define_counter(name: &str) -> Result<u32, HostError> {
    const COUNTER: u32 = 0;
    define(COUNTER, name)
}

/// Defines a gauge. Each call returns a new number; the value is the same for all threads and VMs of the process.
pub(crate) fn define_gauge(name: &str) -> Result<u32, HostError> {
    const GAUGE: u32 = 1;
    define(GAUGE, name)
}

fn define(kind: u32, name: &str) -> Result<u32, HostError> {
    let mut id = 0;
    // SAFETY: the name outlives the call, and `id` is a valid place.
    status(unsafe { proxy_define_metric(kind, name.as_ptr(), name.len(), &raw mut id) }).map(|()| id)
}

/// Adds to a counter, which accepts only positive numbers, or to a gauge.
pub(crate) fn add(metric: u32, by: i64) -> Result<(), HostError> {
    // SAFETY: no pointers.
    status(unsafe { proxy_increment_metric(metric, by) })
}

/// Sets a gauge.
pub(crate) fn record(gauge: u32, value: u64) -> Result<(), HostError> {
    // SAFETY: no pointers.
    status(unsafe { proxy_record_metric(gauge, value) })
}

/// The value of a metric.
pub(crate) fn metric(metric: u32) -> Result<u64, HostError> {
    let mut value = 0;
    // SAFETY: `value` is a valid place.
    status(unsafe { proxy_get_metric(metric, &raw mut value) }).map(|()| value)
}
