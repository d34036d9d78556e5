//! One plugin with all its configurations in this VM.

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

/// A plugin, told from others by its name, its root id, the listener's direction, its protocol and its workload.
#[derive(Default)]
pub(crate) struct Instance {
    /// What Envoy calls the plugin.
    name: String,
    gauges: Gauges,
    handover: Handover,
    /// The one that Envoy has in use.
    current: RefCell<Rc<Configuration>>,
    /// Whether the current one is back in use, of which Envoy says nothing: streams began under it, and before under a newer one.
    is_back: Cell<bool>,
    /// All that Envoy still has.
    configurations: RefCell<Vec<Weak<Configuration>>>,
    /// Several are in use side by side, so that none of them can be held against what another allowed.
    shared: Cell<bool>,
    held: RefCell<Streams>,
    /// The places among them at which looking at them goes on: at those that began lately, and at the others.
    held_next: [Cell<usize>; 2],
    allowed: RefCell<Streams>,
    /// Streams that are over, for those to come to take their place.
    spare: RefCell<Vec<Rc<Stream>>>,
    /// What those belong to.
    nothing: Rc<Configuration>,
    /// Whether there may be some that the current configuration has not judged.
    unjudged: Cell<bool>,
    /// When the next certificate of them expires at the earliest, in seconds since 1970.
    expiry: Cell<Option<u64>>,
}

/// So many streams that are over are kept at most.
const SPARE: usize = 1024;

impl Instance {
    /// Says in gauges what is decided by.
    pub(super) fn publish(&self) {
        let in_force = self.current.borrow().in_force();
        self.gauges
            .publish(&self.name, &in_force, self.handover.is_superseded());
    }

    /// Tells other VMs what has come into use here, and learns what has there.
    pub(super) fn follow(&self, now: u64) {
        let current = Rc::clone(&self.current.borrow());
        if self.handover.follow(&current, self.shared.get(), now) {
            self.unjudged.set(!self.allowed.borrow().is_empty());
        }
    }

    /// A stream begins; in the place of one that is over, if there is one.
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

    /// Its context is gone.
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

    /// From now on it is looked after.
    pub(super) fn allow(&self, stream: &Rc<Stream>) {
        self.held.borrow_mut().remove(stream);
        if stream.is_looked_after() {
            self.expires(stream.expiry());
            // While its authorizer was asked, or it was held, there may have come a newer configuration.
            if !self.is_judged(stream) {
                self.unjudged.set(true);
            }
            self.allowed.borrow_mut().add(stream);
        }
    }

    pub(super) fn forget(&self, stream: &Stream) {
        self.held.borrow_mut().remove(stream);
        self.allowed.borrow_mut().remove(stream);
    }
}
