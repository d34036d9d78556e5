//! What the VMs of one process tell each other of a plugin: by which configuration it decides now.
//!
//! Where the module's file is replaced, Envoy makes a new VM, and what is open stays with the old one, which gets no configuration
//! any more. Both see the shared data of their `vm_id`. So each VM publishes there what comes into use, and holds what is open against
//! what another one published. That can only close: a stream stays if its own configuration *and* the newer one allow it. What cannot
//! be read closes whatever `openConnections` covers.
//!
//! A call that fails says nothing of a newer configuration, and closes nothing: what was last read goes on counting, it is logged, and
//! tried again. A list of capabilities that leaves these calls out is a finding of `peerwarden check --envoy`.
//!
//! All of it is done by the timer. The trial on Envoy's main thread, of configurations that no worker may ever have, never runs it.

mod notice;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use peerwarden_engine::Protocol;

use crate::abi::{self, HostError, Level};
use crate::configuration::Configuration;
use crate::open::Instance;
use notice::{Notice, Use};

/// So often it is tried to publish something, where other VMs do at the same time; then again when the timer goes off.
const TRIES: u8 = 4;

/// It is done so seldom, however often the timer goes off. In nanoseconds.
const PERIOD: u64 = 500_000_000;

/// For so long after another VM has published something, streams that begin here do not show that this VM is back in use: the
/// threads do not change all at once. In nanoseconds.
const GRACE: u64 = 5_000_000_000;

/// In the place of a workload's checksum where it is not known.
pub(super) const UNKNOWN: u64 = 0;

/// One plugin's place in the shared data.
#[derive(Default)]
pub(super) struct Handover {
    /// The key of the configuration in force, as [`Notice`] has it.
    key: Vec<u8>,
    /// The key of something small that is written whenever the other one was: its number shows that there is something to read.
    bell: Vec<u8>,
    /// The bell of those of this name that do not know their workload: what they decide, which is to deny, they do for all.
    unknown: Vec<u8>,
    /// The numbers of the two bells when they were last looked at; 0 where there was none.
    heard: Cell<(u32, u32)>,
    /// Whether something was written for which the bell is still to be written.
    is_to_ring: Cell<bool>,
    /// What this VM last published: which configuration, and whether side by side with others.
    published: Cell<(u64, bool)>,
    /// What another VM published, while that is in force.
    newer: RefCell<Option<Rc<Configuration>>>,
    /// When that was read, in nanoseconds since 1970.
    since: Cell<u64>,
    /// Whether streams began here meanwhile.
    used: Cell<NewStreams>,
    /// When it was last looked after.
    looked_at: Cell<u64>,
    /// Whether it was said that shared data cannot be had.
    said: Cell<bool>,
}

/// Which streams began since another VM's configuration is in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum NewStreams {
    #[default]
    None,
    /// Further ones under a configuration that had some.
    Again,
    /// The first one under a configuration: it has just come into use.
    First,
}

impl Handover {
    /// Of a plugin: the key tells it from others among the VMs of its `vm_id`. Of its workload there is the checksum, or [`UNKNOWN`].
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

    /// What another VM decides by, if that is newer than what this one does.
    pub(super) fn newer(&self) -> Option<Rc<Configuration>> {
        self.newer.borrow().clone()
    }

    /// Whether there is one.
    pub(super) fn is_superseded(&self) -> bool {
        self.newer.borrow().is_some()
    }

    /// A stream begins here.
    pub(super) fn stream_begins(&self, is_first: bool) {
        if is_first {
            self.used.set(NewStreams::First);
        } else if self.used.get() == NewStreams::None && self.is_superseded() {
            self.used.set(NewStreams::Again);
        }
    }

    /// Publishes what has come into use here, and reads what has elsewhere. Answers whether there is something newer to hold what is
    /// open against.
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

    /// Puts a configuration into shared data, unless it is there already. The number of what it takes the place of orders what several
    /// VMs publish at a time.
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
                // Streams begin by turns under this one and under what was back in use before.
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

    /// The numbers of the own bell and of that of those that do not know their workload.
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

    /// What another VM decides by; `None` if it decides as this one, or beside it.
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

/// Denies everything.
fn unusable(why: &str) -> Configuration {
    let message = format!("peerwarden: the module that replaced this one {why}: open streams are closed");
    abi::log(Level::Error, &message);
    Configuration::unusable()
}
