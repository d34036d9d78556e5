//! One plugin with all its configurations in this VM.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::{Rc, Weak};

use peerwarden_engine::{Protocol, Workload};

use super::stream::Stream;
use crate::abi;
use crate::configuration::Configuration;

/// A plugin, told from others by its name, its root id, the listener's direction, its protocol and its workload.
#[derive(Default)]
pub(crate) struct Instance {
    current: RefCell<Rc<Configuration>>,
    /// By context.
    held: RefCell<BTreeMap<u32, Rc<Stream>>>,
    allowed: RefCell<BTreeMap<u32, Rc<Stream>>>,
    /// Whether there may be some that the current configuration has not judged.
    unjudged: Cell<bool>,
    /// When the next certificate of them expires at the earliest, in seconds since 1970.
    expiry: Cell<Option<u64>>,
}

struct Key {
    name: String,
    protocol: Protocol,
    workload: Option<Workload>,
}

thread_local! {
    static INSTANCES: RefCell<Vec<(Key, Weak<Instance>)>> = const { RefCell::new(Vec::new()) };
}

impl Instance {
    /// The instance that a new configuration belongs to. One that does not know its workload denies everything, and is that of all
    /// workloads under this name.
    pub(crate) fn of(
        protocol: Protocol,
        workload: Option<&Workload>,
        configuration: &Rc<Configuration>,
    ) -> Rc<Self> {
        let name = name();
        INSTANCES.with_borrow_mut(|instances| {
            instances.retain(|(_, instance)| instance.strong_count() > 0);
            let mut found = None;
            for (key, instance) in instances.iter() {
                let same = key.name == name && key.protocol == protocol;
                if same && (workload.is_none() || key.workload.as_ref() == workload) {
                    let instance = instance.upgrade();
                    if let Some(instance) = &instance {
                        instance.set_current(configuration);
                    }
                    found = found.or(instance);
                }
            }
            found.unwrap_or_else(|| {
                let instance = Rc::new(Self::default());
                instance.set_current(configuration);
                let key = Key {
                    name,
                    protocol,
                    workload: workload.cloned(),
                };
                instances.push((key, Rc::downgrade(&instance)));
                instance
            })
        })
    }

    /// The configuration that Envoy has in use.
    pub(super) fn current(&self) -> Rc<Configuration> {
        Rc::clone(&self.current.borrow())
    }

    /// Answers whether it was another one.
    pub(crate) fn set_current(&self, configuration: &Rc<Configuration>) -> bool {
        let other = self.current.borrow().number != configuration.number;
        if other {
            *self.current.borrow_mut() = Rc::clone(configuration);
            self.unjudged.set(true);
        }
        other
    }

    /// Whether there is anything that a newer configuration may concern.
    pub(crate) fn has_work(&self) -> bool {
        self.unjudged.get() && !self.allowed.borrow().is_empty()
    }

    pub(super) fn hold(&self, stream: &Rc<Stream>) {
        self.held.borrow_mut().insert(stream.context, Rc::clone(stream));
    }

    /// From now on it is looked after.
    pub(super) fn allow(&self, stream: &Rc<Stream>) {
        self.held.borrow_mut().remove(&stream.context);
        if stream.is_looked_after() {
            self.expires(stream.expiry());
            self.allowed
                .borrow_mut()
                .insert(stream.context, Rc::clone(stream));
        }
    }

    pub(super) fn forget(&self, context: u32) {
        self.held.borrow_mut().remove(&context);
        self.allowed.borrow_mut().remove(&context);
    }

    pub(super) fn expires(&self, at: Option<u64>) {
        let earliest = [self.expiry.get(), at].into_iter().flatten().min();
        self.expiry.set(earliest);
    }

    /// Those that are held. A copy, as what becomes of them changes what is open.
    pub(super) fn all_held(&self) -> Vec<Rc<Stream>> {
        self.held.borrow().values().map(Rc::clone).collect()
    }

    /// At most so many of those that the current configuration has not judged or whose certificate has expired; when there are no
    /// more, they are not looked for again before there can be.
    pub(super) fn due(&self, now: u64, most: usize) -> Vec<Rc<Stream>> {
        let expired = self.expiry.get().is_some_and(|expiry| expiry < now);
        if !self.unjudged.get() && !expired {
            return Vec::new();
        }
        let current = self.current.borrow().number;
        let allowed = self.allowed.borrow();
        let is_due = |stream: &&Rc<Stream>| !stream.is_judged_by(current) || stream.has_expired(now);
        let due: Vec<_> = allowed
            .values()
            .filter(is_due)
            .take(most)
            .map(Rc::clone)
            .collect();
        if due.len() < most {
            self.unjudged.set(false);
            // Those that are due say anew when they expire once they are judged.
            let rest = allowed.values().filter(|stream| !is_due(stream));
            self.expiry.set(rest.filter_map(|stream| stream.expiry()).min());
        }
        due
    }

    /// How often the timer has to go off.
    pub(super) fn period(&self) -> u32 {
        if !self.held.borrow().is_empty() {
            super::timer::HELD
        } else if self.has_work() {
            super::timer::SOON
        } else if self.expiry.get().is_some() {
            super::timer::EXPIRY
        } else {
            0
        }
    }
}

/// What Envoy calls the plugin.
fn name() -> String {
    let text = |path| match abi::property(path) {
        Ok(Some(bytes)) => String::from_utf8_lossy(&bytes).into_owned(),
        Ok(None) | Err(_) => String::new(),
    };
    ["plugin_name", "plugin_root_id", "listener_direction"]
        .map(text)
        .join("\0")
}
