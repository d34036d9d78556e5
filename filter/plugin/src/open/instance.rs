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

    /// The configurations that judge a stream: the one in use in this VM (the stream's own, where several are in use side by side), and a
    /// newer one of another VM.
    pub(super) fn judges_of(&self, stream: &Stream) -> impl Iterator<Item = Rc<Configuration>> {
        let keeps = stream.configuration.open_connections.on_update == OnChange::Keep;
        let here = if keeps || self.shared.get() {
            Rc::clone(&stream.configuration)
        } else {
            Rc::clone(&self.current.borrow())
        };
        let newer = self.handover.newer().filter(|_| !keeps);
        [Some(here), newer].into_iter().flatten()
    }

    /// The configurations that took this one's place, in this VM and in another: what is decided now must be allowed by each of them as
    /// well, however long ago it began. `keep` is for what was let in before.
    pub(super) fn newer_than(
        &self,
        configuration: &Configuration,
    ) -> impl Iterator<Item = Rc<Configuration>> {
        let is_replaced = !self.shared.get() && self.current.borrow().number != configuration.number;
        let here = is_replaced.then(|| Rc::clone(&self.current.borrow()));
        [here, self.handover.newer()].into_iter().flatten()
    }

    /// Envoy has a newer one.
    fn is_configured(&self, configuration: &Rc<Configuration>) {
        let mut configurations = self.configurations.borrow_mut();
        configurations.retain(|known| known.strong_count() > 0);
        configurations.push(Rc::downgrade(configuration));
        self.comes_into_use(configuration, false);
    }

    /// Whether new streams are to be expected under it.
    pub(crate) fn needs(&self, configuration: &Configuration) -> bool {
        let is_current = self.current.borrow().number == configuration.number;
        is_current || self.shared.get() && configuration.is_used.get()
    }

    /// All that are not needed.
    fn superseded(&self) -> Vec<Rc<Configuration>> {
        let all = self.configurations.borrow();
        let all = all.iter().filter_map(Weak::upgrade);
        all.filter(|configuration| !self.needs(configuration)).collect()
    }

    /// Every instance of this VM.
    fn all() -> Vec<Rc<Self>> {
        let all = |instances: &Vec<(Key, Weak<Self>)>| {
            let instances = instances.iter();
            instances.filter_map(|(_, instance)| instance.upgrade()).collect()
        };
        INSTANCES.with_borrow(all)
    }

    /// A configuration is about to be compiled: makes room for it. What is in use side by side is needed no longer unless a stream
    /// begins under it before the next one.
    pub(crate) fn make_room() {
        Self::let_go_of_superseded();
        for instance in Self::all() {
            for configuration in instance.configurations.borrow().iter().filter_map(Weak::upgrade) {
                configuration.is_used.set(false);
            }
        }
    }

    /// Gives back the memory of what is superseded, in all instances. The bytes of the newest are kept, so that they can be compiled
    /// again: streams may still begin under them, as Envoy does not configure again what it still has, and drains listeners with what
    /// they have.
    fn let_go_of_superseded() {
        let instances = Self::all();
        let mut superseded: Vec<_> = instances
            .iter()
            .flat_map(|instance| instance.superseded())
            .collect();
        superseded.sort_by_key(|configuration| std::cmp::Reverse(configuration.number));
        let mut kept: usize = 0;
        for configuration in &superseded {
            configuration.let_go();
            kept = kept.saturating_add(configuration.kept());
            if kept > memory::KEPT && configuration.kept() > 0 {
                configuration.forget();
            }
        }
    }

    /// Compiles a configuration that denies for want of memory, if it is needed and there is some by now.
    pub(super) fn heal(&self, configuration: &Configuration) {
        if configuration.is_waiting() && self.needs(configuration) {
            Self::let_go_of_superseded();
            configuration.loaded();
        }
    }

    /// A stream begins, which shows that its configuration is in use: the current one; a newer one; or one that is back in use, as
    /// Envoy does not configure again what it still has for open streams. Two that streams begin under by turns are in use side
    /// by side: two plugins of one name, or listeners that are drained with what they have.
    pub(super) fn stream_begins(&self, configuration: &Rc<Configuration>) {
        let is_first = !configuration.has_streams.replace(true);
        configuration.is_used.set(true);
        self.handover.stream_begins(is_first);
        let current = self.current.borrow().number;
        if current == configuration.number || self.shared.get() {
            return;
        }
        let is_newer = configuration.number > current;
        if is_newer && is_first {
            self.comes_into_use(configuration, false);
        } else if is_first || self.is_back.get() {
            self.shared.set(true);
            abi::log(
                Level::Warning,
                "peerwarden: several configurations with the same name are in use: changes do not reach open \
                 streams; give each plugin a different `name`, and deliver configurations by ECDS",
            );
        } else {
            self.comes_into_use(configuration, true);
        }
    }

    fn comes_into_use(&self, configuration: &Rc<Configuration>, is_back: bool) {
        *self.current.borrow_mut() = Rc::clone(configuration);
        self.is_back.set(is_back);
        self.unjudged.set(!self.allowed.borrow().is_empty());
    }

    /// Whether there is anything that a newer configuration may concern.
    pub(crate) fn has_work(&self) -> bool {
        let is_held_against = !self.shared.get() || self.handover.is_superseded();
        self.unjudged.get() && is_held_against && !self.allowed.borrow().is_empty()
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
