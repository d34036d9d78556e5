//! All plugins of this VM: a new configuration finds its own here.

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use peerwarden_engine::{Protocol, Workload, checksum};

use super::Instance;
use crate::abi;
use crate::configuration::Configuration;
use crate::open::handover::{self, Handover};

struct Key {
    name: String,
    protocol: Protocol,
    workload: Option<Workload>,
}

thread_local! {
    static INSTANCES: RefCell<Vec<(Key, Weak<Instance>)>> = const { RefCell::new(Vec::new()) };
}

impl Instance {
    /// The instance that a new configuration belongs to. One that does not know its workload denies everything, for all
    /// workloads of this name.
    pub(crate) fn of(
        protocol: Protocol,
        workload: Option<&Workload>,
        configuration: &Rc<Configuration>,
    ) -> Rc<Self> {
        let [plugin, root_id, direction] = properties();
        let name = [plugin.as_str(), &root_id, &direction].join("\0");
        INSTANCES.with_borrow_mut(|instances| {
            forget_gone(instances);
            let mut found = None;
            for (key, instance) in instances.iter() {
                let same = key.name == name && key.protocol == protocol;
                if same && (workload.is_none() || key.workload.as_ref() == workload) {
                    let instance = instance.upgrade();
                    if let Some(instance) = &instance {
                        instance.is_configured(configuration);
                    }
                    found = found.or(instance);
                }
            }
            found.unwrap_or_else(|| {
                let instance = Rc::new(Self {
                    name: plugin,
                    handover: Handover::new(&name, protocol, workload.map_or(handover::UNKNOWN, checksum)),
                    ..Self::default()
                });
                instance.is_configured(configuration);
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

    /// The instance of a plugin whose configuration could not be read yet: it denies everything, and its gauges show
    /// that.
    pub(crate) fn unread() -> Rc<Self> {
        let [name, ..] = properties();
        Rc::new(Self {
            name,
            ..Self::default()
        })
    }

    /// Every instance of this VM.
    pub(super) fn all() -> Vec<Rc<Self>> {
        INSTANCES.with_borrow_mut(|instances| {
            forget_gone(instances);
            let instances = instances.iter();
            instances.filter_map(|(_, instance)| instance.upgrade()).collect()
        })
    }
}

/// Frees what is left of instances whose plugins are gone. However little it is, it would split the memory that they had.
fn forget_gone(instances: &mut Vec<(Key, Weak<Instance>)>) {
    instances.retain(|(_, instance)| instance.strong_count() > 0);
}

/// Envoy's name for the plugin, its root id, and the direction of its listener.
fn properties() -> [String; 3] {
    let text = |path| match abi::property(path) {
        Ok(Some(bytes)) => String::from_utf8_lossy(&bytes).into_owned(),
        Ok(None) | Err(_) => String::new(),
    };
    ["plugin_name", "plugin_root_id", "listener_direction"].map(text)
}
