//! A root context: its configuration, its streams, and the timer that checks open ones.

use std::cell::OnceCell;
use std::rc::Rc;

use peerwarden_engine::{Problems, Protocol, limits};
use peerwarden_wire::configuration::Reading;

use crate::abi::{self, Bytes, Level};
use crate::clock;
use crate::configuration::{self, Configuration};
use crate::http::Http;
use crate::memory;
use crate::open::{Instance, StreamOpener, tick};
use crate::report;
use crate::tcp::Tcp;
use crate::timer;

/// The memory needed to read the settings of a configuration, in bytes for each byte of it.
const SETTINGS: usize = 24;

/// One configuration of the plugin. After an update Envoy keeps the old one beside it in the same VM, for its remaining
/// streams.
#[derive(Default)]
pub(crate) struct Root {
    protocol: Protocol,
    configuration: Rc<Configuration>,
    instance: Rc<Instance>,
    /// The original bytes, if there was not even memory to read the settings.
    unread: Bytes,
    /// The configuration for streams of the other protocol's chain.
    misplaced: OnceCell<Rc<Configuration>>,
}

impl Root {
    /// Refuses only what the bytes alone show to be wrong: the same bytes are refused on every thread, so Envoy rejects
    /// the configuration on its main thread and no worker ever has it. Anything that depends on other input (the node's
    /// metadata) must not be refused here, as a worker that alone refuses would let everything pass: instead it denies
    /// everything.
    pub(crate) fn on_configure(&mut self, size: usize) -> bool {
        if size > limits::CONFIGURATION_BYTES {
            return refuse(&limits::too_large(size).into());
        }
        report::define_counters();
        Instance::make_room();
        let bytes = match abi::plugin_configuration() {
            Ok(bytes) => bytes.unwrap_or_default(),
            Err(failed) => {
                let message = format!(
                    "peerwarden: denies all: its configuration cannot be read (status {})",
                    failed.0
                );
                abi::log(Level::Error, &message);
                return true;
            }
        };
        self.read(bytes, true)
    }

    pub(crate) fn on_tick(&mut self) {
        if !self.unread.is_empty() {
            Instance::make_room();
            let bytes = std::mem::take(&mut self.unread);
            self.read(bytes, false);
        }
        let next = tick::tick(&self.instance, &self.configuration);
        self.configuration.timer.set(next);
    }

    /// Begins a request of this root context.
    pub(crate) fn request(&self, context: u32) -> Http {
        Http::new(self.configuration_in(Protocol::Http), self.opener(context))
    }

    /// Begins a connection of this root context.
    pub(crate) fn connection(&self, context: u32) -> Tcp {
        Tcp::new(self.configuration_in(Protocol::Tcp), self.opener(context))
    }

    /// The configuration that judges streams of such a chain: in the wrong chain, or if nothing could be read, one that
    /// denies everything.
    fn configuration_in(&self, chain: Protocol) -> Rc<Configuration> {
        if self.protocol == chain || self.configuration.number == 0 {
            Rc::clone(&self.configuration)
        } else {
            Rc::clone(self.misplaced.get_or_init(|| {
                let (chain, set) = (chain.as_str(), self.protocol.as_str());
                let why = format!(
                    "`protocol` is `{set}`, but this plugin is in a chain of {chain} filters: set `\"protocol\": \
                     \"{chain}\"` in its configuration"
                );
                report::error(&format!("denies all: {why}"));
                Rc::new(Configuration::misplaced(why))
            }))
        }
    }
}

impl Root {
    /// Whether the configuration is accepted, now or when there is memory to read it; a new one is logged.
    fn read(&mut self, bytes: Bytes, is_new: bool) -> bool {
        if !memory::is_there(bytes.len().saturating_mul(SETTINGS)) {
            if is_new {
                abi::log(
                    Level::Error,
                    "peerwarden: denies all: there is not enough memory to read its configuration; trying again \
                     every second",
                );
                self.instance = Instance::unread();
            }
            self.unread = bytes;
            self.configuration.timer.at_least(timer::IDLE);
            return true;
        }
        let taken = configuration::begin(&bytes).and_then(|reading| self.take(reading, bytes));
        taken.map_or_else(|problems| refuse(&problems), |()| true)
    }

    /// Makes this the current configuration, which open streams are checked against too.
    fn take(&mut self, reading: Reading, bytes: Bytes) -> Result<(), Problems> {
        let config = reading.config();
        let (protocol, workload) = (config.protocol, config.workload.clone());
        let configuration = Rc::new(Configuration::new(config, bytes));
        configuration.compile(reading)?;
        self.protocol = protocol;
        self.misplaced = OnceCell::new();
        self.instance = Instance::of(protocol, workload.as_ref(), &configuration);
        self.configuration = configuration;
        let period = if self.instance.has_work() || self.configuration.is_waiting() {
            timer::SOON
        } else {
            timer::IDLE
        };
        if let Some(now) = clock::now() {
            clock::is(now);
        }
        self.configuration.timer.at_least(period);
        Ok(())
    }

    fn opener(&self, context: u32) -> StreamOpener {
        let opener = StreamOpener::new(context, &self.instance, &self.configuration);
        if self.instance.has_work() {
            self.configuration.timer.at_least(timer::SOON);
        }
        opener
    }
}

impl Drop for Root {
    /// Stops counting.
    fn drop(&mut self) {
        report::flush();
    }
}

fn refuse(problems: &Problems) -> bool {
    for problem in problems.iter() {
        abi::log(
            Level::Error,
            &format!(
                "peerwarden {}: configuration refused: {problem}",
                env!("CARGO_PKG_VERSION")
            ),
        );
    }
    false
}
