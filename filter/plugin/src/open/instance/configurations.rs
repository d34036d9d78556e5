//! Decides which configurations of a plugin are in use, which judge a stream, and which are freed.

use std::rc::{Rc, Weak};

use peerwarden_engine::OnChange;

use super::Instance;
use crate::abi::{self, Level};
use crate::configuration::Configuration;
use crate::memory;
use crate::open::stream::Stream;

impl Instance {
    /// The configurations that judge a stream: the one in use in this VM (the stream's own, if several are in use side
    /// by side), and a newer one of another VM.
    pub(in crate::open) fn judges_of(&self, stream: &Stream) -> impl Iterator<Item = Rc<Configuration>> {
        let keeps = stream.configuration.open_connections.on_update == OnChange::Keep;
        let here = if keeps || self.shared.get() {
            Rc::clone(&stream.configuration)
        } else {
            Rc::clone(&self.current.borrow())
        };
        let newer = self.handover.newer().filter(|_| !keeps);
        [Some(here), newer].into_iter().flatten()
    }

    /// The configurations that replaced this one, in this VM and in another: each of them must also allow a new
    /// decision, however long ago the stream began. `keep` applies only to streams that were already allowed.
    pub(in crate::open) fn newer_than(
        &self,
        configuration: &Configuration,
    ) -> impl Iterator<Item = Rc<Configuration>> {
        let is_replaced = !self.shared.get() && self.current.borrow().number != configuration.number;
        let here = is_replaced.then(|| Rc::clone(&self.current.borrow()));
        [here, self.handover.newer()].into_iter().flatten()
    }

    /// Records that Envoy has a newer one.
    pub(super) fn is_configured(&self, configuration: &Rc<Configuration>) {
        let mut configurations = self.configurations.borrow_mut();
        configurations.retain(|known| known.strong_count() > 0);
        configurations.push(Rc::downgrade(configuration));
        self.comes_into_use(configuration, false);
    }

    /// Whether new streams may begin with it.
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

    /// Makes room before a configuration is compiled. Configurations in use side by side are needed only if a stream
    /// begins with them before the next one.
    pub(crate) fn make_room() {
        Self::let_go_of_superseded();
        for instance in Self::all() {
            for configuration in instance.configurations.borrow().iter().filter_map(Weak::upgrade) {
                configuration.is_used.set(false);
            }
        }
    }

    /// Frees the memory of superseded configurations, in all instances. The bytes of the newest are kept for compiling
    /// them again: streams may still begin with them, as Envoy does not reconfigure what it still has, and drains
    /// listeners with their configuration.
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

    /// Compiles a configuration that denies because memory was short, if it is needed and there is enough now.
    pub(in crate::open) fn heal(&self, configuration: &Configuration) {
        if configuration.is_waiting() && self.needs(configuration) {
            Self::let_go_of_superseded();
            configuration.loaded();
        }
    }

    /// Records that a stream begins, which shows that its configuration is in use: the current one; a newer one; or one
    /// that is back in use, as Envoy does not reconfigure what it still has for open streams. If streams begin
    /// alternately with two, these are in use side by side: two plugins of one name, or listeners that are being
    /// drained.
    pub(in crate::open) fn stream_begins(&self, configuration: &Rc<Configuration>) {
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
}
