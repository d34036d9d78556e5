//! Envoy counters: `wasmcustom.peerwarden.allowed`, `.denied`, `.errors`.

use std::cell::Cell;

use crate::abi;

/// What is counted.
#[derive(Debug, Clone, Copy)]
pub(super) enum Counter {
    Allowed,
    Denied,
    /// Host calls that failed, answers that could not be read, decisions without a configuration.
    Errors,
}

thread_local! {
    /// Envoy makes a new metric for each definition, so each is defined once for the VM, whatever its configurations.
    static IDS: [Cell<Option<u32>>; 3] = const { [const { Cell::new(None) }; 3] };
}

/// Adds one. A counter that Envoy does not take is no reason to decide otherwise.
pub(super) fn increment(counter: Counter) {
    let (place, name) = match counter {
        Counter::Allowed => (0, "peerwarden.allowed"),
        Counter::Denied => (1, "peerwarden.denied"),
        Counter::Errors => (2, "peerwarden.errors"),
    };
    IDS.with(|ids| {
        let Some(id) = ids.get(place) else { return };
        if id.get().is_none() {
            id.set(abi::define_counter(name).ok());
        }
        if let Some(id) = id.get() {
            let _ = abi::increment(id);
        }
    });
}
