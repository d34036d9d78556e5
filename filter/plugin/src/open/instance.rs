//! A plugin with all its configurations in this VM.

mod configurations;
mod due;
mod registry;

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use super::handover::Handover;
use super::stream::{Details, Stream};
use super::streams::Streams;
use crate::configuration::Configuration;
use crate::report::Gauges;

/// A plugin, identified by its name, its root id, the listener's direction, its protocol and its workload.
#[derive(Default)]
pub(crate) struct Instance {
    /// Envoy's name for the plugin.
    name: String,
    gauges: Gauges,
    handover: Handover,
    /// The configuration that Envoy uses.
    current: RefCell<Rc<Configuration>>,
    /// Whether the current one is back in use, which Envoy does not report: streams began with it after some had begun
    /// with a newer one.
    is_back: Cell<bool>,
    /// All configurations that Envoy still has.
    configurations: RefCell<Vec<Weak<Configuration>>>,
    /// Whether several are in use side by side, so that none of them can be checked against what another allowed.
    shared: Cell<bool>,
    held: RefCell<Streams>,
    /// The positions at which the next look at held streams continues: for recent ones, and for the others.
    held_next: [Cell<usize>; 2],
    /// Connections that are not held, and on which neither side has sent anything yet.
    silent: RefCell<Streams>,
    /// When all of them were looked at last, in nanoseconds since 1970.
    silent_looked_at: Cell<u64>,
    /// The place among them at which the next look begins.
    silent_next: Cell<usize>,
    /// Whether the last look left some that are over their deadline.
    silent_more: Cell<bool>,
    allowed: RefCell<Streams>,
    /// Finished streams, which are reused.
    spare: RefCell<Vec<Rc<Stream>>>,
    /// A configuration for unused streams.
    nothing: Rc<Configuration>,
    /// Whether there may be streams that the current configuration has not judged.
    unjudged: Cell<bool>,
    /// The earliest expiry of a certificate among them, in seconds since 1970.
    expiry: Cell<Option<u64>>,
}

/// The largest number of finished streams that are kept.
const SPARE: usize = 1024;

impl Instance {
    /// Updates the gauges.
    pub(super) fn publish(&self) {
        let in_force = self.current.borrow().in_force();
        self.gauges
            .publish(&self.name, &in_force, self.handover.is_superseded());
    }

    /// Publishes this VM's configuration to other VMs, and reads theirs.
    pub(super) fn follow(&self, now: u64) {
        let current = Rc::clone(&self.current.borrow());
        if self.handover.follow(&current, self.shared.get(), now) {
            self.unjudged.set(!self.allowed.borrow().is_empty());
        }
    }

    /// Begins a stream; reuses a finished one if there is one.
    pub(super) fn stream(
        &self,
        context: u32,
        configuration: &Rc<Configuration>,
        details: Details,
    ) -> Rc<Stream> {
        let mut stream = self.spare.borrow_mut().pop().unwrap_or_default();
        match Rc::get_mut(&mut stream) {
            Some(place) => place.begins(context, configuration, details),
            None => {
                let mut place = Stream::default();
                place.begins(context, configuration, details);
                stream = Rc::new(place);
            }
        }
        stream
    }

    /// Records that its context is gone.
    pub(super) fn is_over(&self, stream: &mut Rc<Stream>) {
        let mut spare = self.spare.borrow_mut();
        if let Some(over) = Rc::get_mut(stream).filter(|_| spare.len() < SPARE) {
            over.is_over(&self.nothing);
            spare.push(Rc::clone(stream));
        }
    }

    pub(super) fn hold(&self, stream: &Rc<Stream>) {
        self.held.borrow_mut().add(stream);
    }

    /// It continues, and is decided on its first data, or at the deadline.
    pub(super) fn watch(&self, stream: &Rc<Stream>) {
        self.silent.borrow_mut().add(stream);
    }

    /// The timer has done what it can about it.
    pub(super) fn has_been_looked_at(&self, stream: &Stream) {
        self.silent.borrow_mut().remove(stream);
    }

    /// Adds it to the streams that the timer checks.
    pub(super) fn allow(&self, stream: &Rc<Stream>) {
        self.held.borrow_mut().remove(stream);
        self.silent.borrow_mut().remove(stream);
        if stream.is_looked_after() {
            self.expires(stream.expiry());
            // A newer configuration may have arrived while it was held, or while its authorizer was called.
            if !self.is_judged(stream) {
                self.unjudged.set(true);
            }
            self.allowed.borrow_mut().add(stream);
        }
    }

    pub(super) fn forget(&self, stream: &Stream) {
        self.held.borrow_mut().remove(stream);
        self.silent.borrow_mut().remove(stream);
        self.allowed.borrow_mut().remove(stream);
    }
}
