//! VMs of one process tell each other through shared data which configuration is in force.
//!
//! When the module's file is replaced, Envoy creates a new VM, and open streams stay with the old one, which gets no
//! more configurations. Both share the data of their `vm_id`. So each VM publishes its configuration when it takes
//! effect, and checks open streams against those of others. That can only close streams: a stream stays only if its own
//! configuration *and* the newer one allow it. Data that cannot be read closes whatever `openConnections` covers.
//!
//! A failed call proves nothing about a newer configuration, and closes nothing: the last result stays valid, the
//! failure is logged, and the call is repeated. `peerwarden check --envoy` reports a list of capabilities without these
//! calls.
//!
//! The timer does all of this. It never runs in the trial on Envoy's main thread, whose configurations may never reach
//! a worker.

mod notice;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use peerwarden_engine::Protocol;

use crate::abi::{self, HostError, Level};
use crate::configuration::Configuration;
use crate::open::Instance;
use notice::{Notice, Use};

/// The number of attempts to publish, if other VMs do at the same time; then again at the next timer callback.
const TRIES: u8 = 4;

/// The shortest interval between two checks, however often the timer fires. In nanoseconds.
const PERIOD: u64 = 500_000_000;

/// For this long after another VM has published, new streams here do not show that this VM is back in use: threads do
/// not switch simultaneously. In nanoseconds.
const GRACE: u64 = 5_000_000_000;

/// Stands for the checksum of an unknown workload.
pub(super) const UNKNOWN: u64 = 0;

/// The place of one plugin in the shared data.
#[derive(Default)]
pub(super) struct Handover {
    /// The key of the configuration in force, in the format of [`Notice`].
    key: Vec<u8>,
    /// The key of a small value that is written after each change: its number shows that there is something to read.
    bell: Vec<u8>,
    /// The bell of plugins of this name that do not know their workload: they deny, and do so for all workloads.
    unknown: Vec<u8>,
    /// The numbers of the two bells at the last check; 0 if there was none.
    heard: Cell<(u32, u32)>,
    /// Whether the bell must still be written for an earlier change.
    is_to_ring: Cell<bool>,
    /// The last configuration that this VM published, and whether it was in use side by side with others.
    published: Cell<(u64, bool)>,
    /// The configuration that another VM published, while it is in force.
    newer: RefCell<Option<Rc<Configuration>>>,
    /// When it was read, in nanoseconds since 1970.
    since: Cell<u64>,
    /// Whether streams began here since then.
    used: Cell<NewStreams>,
    /// The time of the last check.
    looked_at: Cell<u64>,
    /// Whether the log says that shared data is unavailable.
    said: Cell<bool>,
}

/// Streams that began here since another VM's configuration is in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum NewStreams {
    #[default]
    None,
    /// More streams of a configuration that already had some.
    Again,
    /// The first stream of a configuration: it has just taken effect.
    First,
}

impl Handover {
    /// For a plugin: the key distinguishes it from others among the VMs of its `vm_id`. Its workload is represented by
    /// a checksum, or [`UNKNOWN`].
    pub(super) fn new(name: &str, protocol: Protocol, workload: u64) -> Self {
        let key = |what: &str, workload: u64| {
            ["peerwarden", what, name, protocol.as_str(), &workload.to_string()]
                .join("\0")
                .into_bytes()
        };
        Self {
            key: key("configuration", workload),
            bell: key("changed", workload),
            unknown: key("changed", UNKNOWN),
            ..Self::default()
        }
    }

    /// The configuration of another VM, if it is newer than this VM's.
    pub(super) fn newer(&self) -> Option<Rc<Configuration>> {
        self.newer.borrow().clone()
    }

    /// Whether there is one.
    pub(super) fn is_superseded(&self) -> bool {
        self.newer.borrow().is_some()
    }

    /// Records that a stream begins here.
    pub(super) fn stream_begins(&self, is_first: bool) {
        if is_first {
            self.used.set(NewStreams::First);
        } else if self.used.get() == NewStreams::None && self.is_superseded() {
            self.used.set(NewStreams::Again);
        }
    }

    /// Publishes a configuration that has taken effect here, and reads those of other VMs. Returns whether there is a
    /// newer one to check open streams against.
    pub(super) fn follow(&self, current: &Configuration, is_shared: bool, now: u64) -> bool {
        if now.saturating_sub(self.looked_at.get()) < PERIOD {
            return false;
        }
        self.looked_at.set(now);
        let published = self.publish_if_due(current, is_shared, now);
        let read = self.read_if_due(current, now);
        if let Err(failed) = published.and(read)
            && !self.said.replace(true)
        {
            let message = format!(
                "peerwarden: shared data is not available (status {}): open streams may stay open when a module that \
                 replaces another one decides differently; trying again every second",
                failed.0
            );
            abi::log(Level::Error, &message);
        }
        read.unwrap_or(false)
    }

    fn publish_if_due(&self, current: &Configuration, is_shared: bool, now: u64) -> Result<(), HostError> {
        let used = self.used.replace(NewStreams::None);
        let in_force = if is_shared { Use::SideBySide } else { Use::New };
        if self.published.get() != (current.number, is_shared) {
            self.publish(current, in_force)?;
            self.published.set((current.number, is_shared));
            return Ok(());
        }
        let is_over = now.saturating_sub(self.since.get()) > GRACE;
        match used {
            NewStreams::First if self.is_superseded() && is_over => self.publish(current, in_force),
            NewStreams::Again if self.is_superseded() && is_over => self.publish(current, Use::Back),
            NewStreams::First | NewStreams::Again | NewStreams::None => Ok(()),
        }
    }

    /// Publishes a configuration, unless it is already there. The number of the value that it replaces orders
    /// concurrent writes.
    fn publish(&self, current: &Configuration, wanted: Use) -> Result<(), HostError> {
        let written = current.written();
        let own = notice::checksum(&written);
        for _ in 0..TRIES {
            let (bell, unknown) = self.bells()?;
            let known = abi::shared_data(&self.key)?;
            let (place, notice) = match &known {
                Some((bytes, place)) => (*place, Notice::read(bytes)),
                None => (0, None),
            };
            let same = unknown <= bell && notice.as_ref().is_some_and(|notice| notice.checksum == own);
            let known_use = notice.map(|notice| notice.is);
            let is = match (wanted, known_use) {
                (Use::New | Use::Back, Some(Use::New | Use::Back)) if same => return self.ring(),
                (Use::SideBySide, Some(Use::SideBySide)) if unknown <= bell => return self.ring(),
                // Streams begin alternately with this one and with one that came back into use before.
                (Use::Back, Some(Use::Back | Use::SideBySide)) => {
                    abi::log(Level::Warning, SIDE_BY_SIDE);
                    Use::SideBySide
                }
                (wanted, _) => wanted,
            };
            drop(known);
            let Some(value) = notice::write(&written, is) else {
                return Err(HostError::UNREADABLE);
            };
            match abi::set_shared_data(&self.key, &value, place) {
                Ok(()) => {
                    self.is_to_ring.set(true);
                    return self.ring();
                }
                Err(HostError::OUTRUN) => {}
                Err(failed) => return Err(failed),
            }
        }
        Err(HostError::OUTRUN)
    }

    fn ring(&self) -> Result<(), HostError> {
        if self.is_to_ring.get() {
            abi::set_shared_data(&self.bell, b"!", 0)?;
            self.is_to_ring.set(false);
        }
        Ok(())
    }

    /// The numbers of this plugin's bell and of the bell of plugins that do not know their workload.
    fn bells(&self) -> Result<(u32, u32), HostError> {
        let number = |bell| Ok(abi::shared_data(bell)?.map_or(0, |(_, number)| number));
        Ok((number(&self.bell)?, number(&self.unknown)?))
    }

    fn read_if_due(&self, current: &Configuration, now: u64) -> Result<bool, HostError> {
        let bells = self.bells()?;
        if bells == self.heard.get() {
            return Ok(false);
        }
        self.heard.set(bells);
        self.newer.take();
        // Numbers grow with each change of any shared data.
        let (bell, unknown) = bells;
        let newer = if unknown > bell {
            Some(unusable("does not know its workload"))
        } else {
            self.read(current)
        };
        let is_new = newer.is_some();
        self.since.set(now);
        self.newer.replace(newer.map(Rc::new));
        Ok(is_new)
    }

    /// The configuration of another VM; `None` if it is the same, or in use side by side.
    fn read(&self, current: &Configuration) -> Option<Configuration> {
        let Ok(Some((mut bytes, _))) = abi::shared_data(&self.key) else {
            return Some(unusable(UNREADABLE));
        };
        let Some(notice) = Notice::read(&bytes) else {
            return Some(unusable(UNREADABLE));
        };
        let is_own = notice.checksum == notice::checksum(&current.written());
        if is_own || notice.is == Use::SideBySide {
            return None;
        }
        Instance::make_room();
        let length = notice.length;
        bytes.truncate(length);
        Some(Configuration::read(bytes).unwrap_or_else(|problems| {
            for problem in problems.iter().take(1) {
                abi::log(Level::Error, &format!("peerwarden: {problem}"));
            }
            unusable(UNREADABLE)
        }))
    }
}

const SIDE_BY_SIDE: &str = "peerwarden: two modules with the same plugin name are in use: changes do not reach open \
                            streams; replace the module's file in all listeners, or give each plugin a different \
                            `name`";

const UNREADABLE: &str = "has a configuration that cannot be read here";

/// A configuration that denies everything.
fn unusable(why: &str) -> Configuration {
    let message = format!("peerwarden: the module that replaced this one {why}: open streams are closed");
    abi::log(Level::Error, &message);
    Configuration::unusable()
}
