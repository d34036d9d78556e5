//! Envoy counters: `wasmcustom.peerwarden.allowed`, `.denied`, `.errors`, `.shadow_allowed`, `.shadow_denied`, `.audited`,
//! `.revoked`, and `.connection_security_policy.mutual_tls`, `.tls` and `.none`.

use std::cell::Cell;

use crate::abi;
use crate::attributes::SecurityPolicy;

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
    /// What was allowed was closed, as it is not any more.
    Revoked,
    MutualTls,
    Tls,
    Plaintext,
    /// Host calls that failed, answers that could not be read, decisions without a configuration.
    Errors,
}

impl Counter {
    pub(super) fn of(policy: SecurityPolicy) -> Self {
        match policy {
            SecurityPolicy::MutualTls => Self::MutualTls,
            SecurityPolicy::Tls => Self::Tls,
            SecurityPolicy::None => Self::Plaintext,
        }
    }
}

thread_local! {
    /// Envoy makes a new metric for each definition, so each is defined once for the VM, whatever its configurations.
    static IDS: [Cell<Option<u32>>; 10] = const { [const { Cell::new(None) }; 10] };
}

thread_local! {
    /// What was allowed and Envoy does not know of yet: a call for each would cost as much as the decision.
    static ALLOWED: Cell<u32> = const { Cell::new(0) };
}

/// Counts one that was allowed, for the timer to bring to Envoy.
pub(super) fn allowed() {
    ALLOWED.set(ALLOWED.get().saturating_add(1));
}

/// Brings to Envoy what was counted here.
pub(super) fn flush() {
    let count = ALLOWED.replace(0);
    if count > 0 {
        add(Counter::Allowed, count);
    }
}

/// Adds one.
pub(super) fn increment(counter: Counter) {
    add(counter, 1);
}

/// A counter that Envoy does not take is no reason to decide otherwise.
fn add(counter: Counter, count: u32) {
    let (place, name) = match counter {
        Counter::Allowed => (0, "peerwarden.allowed"),
        Counter::Denied => (1, "peerwarden.denied"),
        Counter::Errors => (2, "peerwarden.errors"),
        Counter::ShadowAllowed => (3, "peerwarden.shadow_allowed"),
        Counter::ShadowDenied => (4, "peerwarden.shadow_denied"),
        Counter::Audited => (5, "peerwarden.audited"),
        Counter::Revoked => (6, "peerwarden.revoked"),
        Counter::MutualTls => (7, "peerwarden.connection_security_policy.mutual_tls"),
        Counter::Tls => (8, "peerwarden.connection_security_policy.tls"),
        Counter::Plaintext => (9, "peerwarden.connection_security_policy.none"),
    };
    IDS.with(|ids| {
        let Some(id) = ids.get(place) else { return };
        if id.get().is_none() {
            id.set(abi::define_counter(name).ok());
        }
        if let Some(id) = id.get() {
            let _ = abi::increment(id, count);
        }
    });
}
