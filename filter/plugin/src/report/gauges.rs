//! The configuration of a plugin in gauges, for comparison with the intended one:
//! `wasmcustom.peerwarden.NAME.configuration`, `.threads` and `.denying`. Envoy keeps one gauge of a name for the whole
//! process, shared by all threads and VMs.

use std::cell::Cell;

use crate::abi;

/// The gauges of one plugin in this VM. The timer writes them; it never runs in the trial on Envoy's main thread, whose
/// configurations may never reach a worker.
#[derive(Default)]
pub(crate) struct Gauges {
    ids: Cell<Option<Ids>>,
    /// The last configuration published here; none has the number 0.
    published: Cell<u64>,
    /// Whether `.threads` counts this VM.
    decides: Cell<bool>,
    /// Whether `.denying` counts it.
    denies: Cell<bool>,
}

/// The configuration in force, for the gauges.
pub(crate) struct DecidingConfiguration {
    /// Sequence number within this VM.
    pub(crate) number: u64,
    /// The published fingerprint.
    pub(crate) fingerprint: u64,
    /// Whether it must still be compiled.
    pub(crate) is_waiting: bool,
    /// Whether it denies everything.
    pub(crate) denies: bool,
}

#[derive(Clone, Copy)]
struct Ids {
    configuration: u32,
    threads: u32,
    denying: u32,
}

impl Gauges {
    /// Publishes the fingerprint of a configuration that has taken effect, once, and counts this VM among those with
    /// the configuration in `.configuration`: it leaves when another thread publishes another one, and rejoins when it
    /// has that too. If a newer module has replaced this one, nothing is published.
    pub(crate) fn publish(&self, plugin: &str, current: &DecidingConfiguration, is_superseded: bool) {
        let Some(ids) = self.ids(plugin) else { return };
        // A configuration that is not compiled yet has no fingerprint.
        let is_waiting = current.is_waiting;
        let fingerprint = current.fingerprint;
        if is_superseded {
            // The gauge shows another VM's by now; if this one is back in use, its own is published again.
            self.published.set(0);
        } else if self.published.get() != current.number && !is_waiting {
            if abi::record(ids.configuration, fingerprint).is_err() {
                return;
            }
            self.published.set(current.number);
        }
        let is_shown = !is_superseded && !is_waiting && abi::metric(ids.configuration) == Ok(fingerprint);
        count(ids.threads, &self.decides, is_shown);
        count(ids.denying, &self.denies, current.denies);
    }

    fn ids(&self, plugin: &str) -> Option<Ids> {
        if self.ids.get().is_none() {
            let define =
                |what: &str| abi::define_gauge(&["peerwarden.", &escaped(plugin), ".", what].concat()).ok();
            self.ids.set(Some(Ids {
                configuration: define("configuration")?,
                threads: define("threads")?,
                denying: define("denying")?,
            }));
        }
        self.ids.get()
    }
}

impl Drop for Gauges {
    fn drop(&mut self) {
        if let Some(ids) = self.ids.get() {
            count(ids.threads, &self.decides, false);
            count(ids.denying, &self.denies, false);
        }
    }
}

/// Adds this VM to a gauge, or removes it.
fn count(gauge: u32, counted: &Cell<bool>, counts: bool) {
    let by = match (counted.get(), counts) {
        (false, true) => 1,
        (true, false) => -1,
        (true, true) | (false, false) => return,
    };
    // If Envoy does not accept it now, it may the next time.
    if abi::add(gauge, by).is_ok() {
        counted.set(counts);
    }
}

/// The name of a plugin as a part of a metric's name: letters, digits and `-` are kept, each other byte becomes `_` and
/// two hexadecimal digits, and a plugin without a name is `_`. The result is unique.
fn escaped(name: &str) -> String {
    if name.is_empty() {
        return "_".to_owned();
    }
    let digit = |of: u8| char::from_digit(of.into(), 16).unwrap_or('_');
    let mut escaped = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || byte == b'-' {
            escaped.push(byte.into());
        } else {
            escaped.extend(['_', digit(byte >> 4), digit(byte & 15)]);
        }
    }
    escaped
}
