//! Envoy counters: `wasmcustom.peerwarden.allowed`, `.denied`, `.errors`, `.shadow_allowed`, `.shadow_denied`, `.audited`,
//! `.revoked`, and `.connection_security_policy.mutual_tls`, `.tls` and `.none`.

use std::cell::Cell;

use crate::abi;
use crate::attributes::SecurityPolicy;
use crate::clock;

/// The counters.
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
    /// An allowed stream was closed, as it is no longer allowed.
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

/// All counters, each at its [`place`].
const NAMES: [&str; 10] = [
    "peerwarden.allowed",
    "peerwarden.denied",
    "peerwarden.errors",
    "peerwarden.shadow_allowed",
    "peerwarden.shadow_denied",
    "peerwarden.audited",
    "peerwarden.revoked",
    "peerwarden.connection_security_policy.mutual_tls",
    "peerwarden.connection_security_policy.tls",
    "peerwarden.connection_security_policy.none",
];

fn place(counter: Counter) -> usize {
    match counter {
        Counter::Allowed => 0,
        Counter::Denied => 1,
        Counter::Errors => 2,
        Counter::ShadowAllowed => 3,
        Counter::ShadowDenied => 4,
        Counter::Audited => 5,
        Counter::Revoked => 6,
        Counter::MutualTls => 7,
        Counter::Tls => 8,
        Counter::Plaintext => 9,
    }
}

/// One counter of this VM.
struct Count {
    /// Envoy creates a new metric for each definition, so each is defined once for the VM, whatever its configurations.
    id: Cell<Option<u32>>,
    /// Counts that Envoy does not have yet: a call for each would cost as much as a decision.
    pending: Cell<u32>,
}

thread_local! {
    static COUNTS: [Count; NAMES.len()] = const {
        [const { Count { id: Cell::new(None), pending: Cell::new(0) } }; NAMES.len()]
    };
}

/// Adds one, for the timer to send to Envoy; immediately if there is no timer.
pub(super) fn increment(counter: Counter) {
    COUNTS.with(|counts| {
        if let Some(count) = counts.get(place(counter)) {
            count.pending.set(count.pending.get().saturating_add(1));
        }
    });
    if !clock::is_kept() {
        flush();
    }
}

/// Defines every counter in Envoy, which removes counters that no VM has: the counts of a VM would be lost if its
/// successor had not counted the same yet.
pub(super) fn define() {
    COUNTS.with(|counts| {
        counts
            .iter()
            .zip(NAMES)
            .for_each(|(count, name)| count.define(name))
    });
}

/// Sends the counts to Envoy.
pub(super) fn flush() {
    COUNTS.with(|counts| {
        counts
            .iter()
            .zip(NAMES)
            .for_each(|(count, name)| count.flush(name))
    });
}

impl Count {
    fn define(&self, name: &str) {
        if self.id.get().is_none() {
            self.id.set(abi::define_counter(name).ok());
        }
    }

    /// Sends a count. If Envoy does not accept a counter, decisions are unaffected.
    fn flush(&self, name: &str) {
        let pending = self.pending.get();
        if pending == 0 {
            return;
        }
        self.define(name);
        // If Envoy does not accept it now, it may the next time.
        if let Some(id) = self.id.get()
            && abi::add(id, pending.into()).is_ok()
        {
            self.pending.set(0);
        }
    }
}
