//! What a plugin decides by, for whoever compares it with what was meant: the gauges `wasmcustom.peerwarden.NAME.configuration`,
//! `.threads` and `.denying`. Envoy keeps one gauge of a name for the whole process, whatever threads and VMs write to it.

use std::cell::Cell;

use crate::abi;

/// The gauges of one plugin, as this VM writes them. They are written by the timer, which the trial on Envoy's main thread never runs: it tries
/// configurations that no worker may ever have.
#[derive(Default)]
pub(crate) struct Gauges {
    ids: Cell<Option<Ids>>,
    /// The configuration that was last published here; none has the number 0.
    published: Cell<u64>,
    /// Whether this VM counts among `.threads`.
    decides: Cell<bool>,
    /// Whether it counts among `.denying`.
    denies: Cell<bool>,
}

/// The configuration that decides, as the gauges show it.
pub(crate) struct DecidingConfiguration {
    /// Which one of this VM it is.
    pub(crate) number: u64,
    /// What is published.
    pub(crate) fingerprint: u64,
    /// Whether it is still to be compiled.
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
    /// Publishes the number of the configuration that has come into use, once, and counts this VM among those that decide by what
    /// `.configuration` shows: it leaves them when another thread publishes another one, and joins them again when it has that too. Where
    /// a newer module has taken this one's place it publishes nothing.
    pub(crate) fn publish(&self, plugin: &str, current: &DecidingConfiguration, is_superseded: bool) {
        let Some(ids) = self.ids(plugin) else { return };
        // What is not compiled yet has no number.
        let is_waiting = current.is_waiting;
        let fingerprint = current.fingerprint;
        if is_superseded {
            // Another VM's is shown by now; should this one be back in use, its own is again.
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

/// Joins or leaves those that a gauge counts.
fn count(gauge: u32, counted: &Cell<bool>, counts: bool) {
    let by = match (counted.get(), counts) {
        (false, true) => 1,
        (true, false) => -1,
        (true, true) | (false, false) => return,
    };
    // What Envoy does not take now it may take the next time.
    if abi::add(gauge, by).is_ok() {
        counted.set(counts);
    }
}

/// The name of a plugin as a part of a metric's name: letters, digits and `-` as they are, each other byte as `_` and two
/// hexadecimal digits, and `_` for a plugin without a name. No two names become one.
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
