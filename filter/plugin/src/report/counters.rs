//! Envoy counters: `wasmcustom.peerwarden.allowed`, `.denied`, `.errors`, `.shadow_allowed`, `.shadow_denied`, `.audited`.

use std::cell::Cell;

use crate::abi;

/// What is counted.
#[derive(Debug, Clone, Copy)]
pub(super) enum Counter {
    Allowed,
    Denied,
    /// The dry run would have allowed it.
    ShadowAllowed,
    /// The dry run would have denied it.
    ShadowDenied,
    /// An AUDIT rule marks it.
    Audited,
    /// Host calls that failed, answers that could not be read, decisions without a configuration.
    Errors,
}

thread_local! {
    /// Envoy makes a new metric for each definition, so each is defined once for the VM, whatever its configurations.
    static IDS: [Cell<Option<u32>>; 6] = const { [const { Cell::new(None) }; 6] };
}

/// Adds one. A counter that Envoy does not take is no reason to decide otherwise.
pub(super) fn increment(counter: Counter) {
    let (place, name) = match counter {
        Counter::Allowed => (0, "peerwarden.allowed"),
        Counter::Denied => (1, "peerwarden.denied"),
        Counter::Errors => (2, "peerwarden.errors"),
        Counter::ShadowAllowed => (3, "peerwarden.shadow_allowed"),
        Counter::ShadowDenied => (4, "peerwarden.shadow_denied"),
        Counter::Audited => (5, "peerwarden.audited"),
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
