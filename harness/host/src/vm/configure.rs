//! Plugins: one configuration each, several in one VM after an update.

use super::{PluginId, Vm};
use crate::options::{LogLine, PluginOptions};
use crate::state::Plugin;
use crate::stream::{Context, Kind};

/// Why a configuration is not taken: Envoy then keeps the one it has.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{refusal}")]
pub struct ConfigureError {
    refusal: Refusal,
    logs: Vec<LogLine>,
}

/// How a configuration was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// `proxy_on_vm_start` returned false.
    #[error("the module did not start")]
    Start,
    /// `proxy_on_configure` returned false.
    #[error("the configuration was refused")]
    Configure,
    /// It trapped.
    #[error("{0}")]
    Trapped(String),
}

impl ConfigureError {
    /// How it was refused.
    pub fn refusal(&self) -> &Refusal {
        &self.refusal
    }

    /// What the module logged meanwhile.
    pub fn logs(&self) -> &[LogLine] {
        &self.logs
    }
}

impl Vm {
    /// Makes a root context for a configuration. What was configured before stays for the streams that it has, until it is
    /// [retired](Vm::retire).
    ///
    /// # Errors
    /// That the module refuses it, or traps.
    pub fn configure(&mut self, options: PluginOptions) -> Result<PluginId, ConfigureError> {
        let before = self.state().logs.len();
        let plugin = self.state().plugins.len();
        self.state_mut().plugins.push(Plugin {
            options,
            root: 0,
            tick: None,
            queues: Default::default(),
            retired: false,
            deleted: false,
        });
        self.start(plugin).map_err(|refusal| {
            if let Some(plugin) = self.state_mut().plugins.get_mut(plugin) {
                plugin.retired = true;
                plugin.deleted = true;
                plugin.tick = None;
            }
            let logs = self.state().logs.get(before..).unwrap_or_default().to_vec();
            ConfigureError { refusal, logs }
        })?;
        Ok(PluginId(plugin))
    }

    /// Creates the root context, starts it and configures it.
    fn start(&mut self, plugin: usize) -> Result<(), Refusal> {
        if let Some(failure) = &self.failed {
            return Err(Refusal::Trapped(failure.clone()));
        }
        let root = self.new_context(plugin, Kind::Root);
        let state = self.state_mut();
        let vm_size = u32::try_from(state.options.configuration.len()).unwrap_or(u32::MAX);
        let size = match state.plugins.get_mut(plugin) {
            Some(plugin) => {
                plugin.root = root;
                u32::try_from(plugin.options.configuration.len()).unwrap_or(u32::MAX)
            }
            None => 0,
        };
        self.call("proxy_on_context_create", root, &[0]);
        let started = self.call("proxy_on_vm_start", root, &[vm_size]);
        self.answered(started, Refusal::Start)?;
        let configured = self.call("proxy_on_configure", root, &[size]);
        self.answered(configured, Refusal::Configure)
    }

    /// A callback that is not exported agrees.
    fn answered(&self, answer: Option<u32>, refusal: Refusal) -> Result<(), Refusal> {
        match (answer, &self.failed) {
            (_, Some(failure)) => Err(Refusal::Trapped(failure.clone())),
            (Some(0), None) => Err(refusal),
            (Some(_) | None, None) => Ok(()),
        }
    }

    /// A new instance with the plugins of the failed one; its streams are gone.
    pub(super) fn reload(&mut self) -> Result<(), String> {
        let options = self.state().options.clone();
        let old = std::mem::replace(
            &mut self.store,
            wasmtime::Store::new(&self.module.engine, crate::state::State::new(options)),
        );
        let old = old.into_data();
        let state = self.state_mut();
        state.now = old.now;
        state.logs = old.logs;
        state.violations = old.violations;
        state.metrics = old.metrics;
        state.next_context = old.next_context;
        state.counted = old.counted;
        state.plugins = old.plugins;
        self.initialize()?;
        for plugin in 0..self.state().plugins.len() {
            let live = self.state().plugins.get(plugin).is_some_and(|plugin| !plugin.deleted);
            if live {
                self.start(plugin).map_err(|refusal| refusal.to_string())?;
            }
        }
        Ok(())
    }

    /// An update replaced this configuration: no new streams, and when the last one is closed it is done and deleted.
    pub fn retire(&mut self, plugin: PluginId) {
        if let Some(plugin) = self.state_mut().plugins.get_mut(plugin.0) {
            plugin.retired = true;
        }
        self.delete_if_unused(plugin.0);
    }

    pub(super) fn delete_if_unused(&mut self, plugin: usize) {
        let used = self.state().contexts.values().any(|context| context.plugin == plugin && context.stream().is_some());
        let Some(known) = self.state_mut().plugins.get_mut(plugin) else { return };
        if used || !known.retired || known.deleted {
            return;
        }
        known.deleted = true;
        known.tick = None;
        let root = known.root;
        self.call("proxy_on_done", root, &[]);
        self.call("proxy_on_delete", root, &[]);
        self.state_mut().contexts.remove(&root);
    }

    /// The root context of a plugin that takes new streams.
    pub(super) fn root(&self, plugin: PluginId) -> Result<u32, super::StreamError> {
        let plugin = self.state().plugins.get(plugin.0).filter(|plugin| !plugin.retired);
        plugin.map(|plugin| plugin.root).ok_or(super::StreamError::NoPlugin)
    }

    /// Registers a context; the module hears of it by `proxy_on_context_create`.
    pub(super) fn new_context(&mut self, plugin: usize, kind: Kind) -> u32 {
        let state = self.state_mut();
        let id = state.next_context;
        state.next_context += 1;
        let root = state.plugins.get(plugin).map_or(id, |plugin| plugin.root);
        let root = if matches!(kind, Kind::Root) { id } else { root };
        state.contexts.insert(id, Context { root, plugin, kind });
        id
    }

    /// Whether the module was told of a context.
    pub(super) fn created(&self, context: u32) -> bool {
        match self.state().contexts.get(&context).map(|context| &context.kind) {
            None => false,
            Some(Kind::Root) => true,
            Some(Kind::Http(http)) => http.began && !http.bypassed,
            Some(Kind::Tcp(tcp)) => !tcp.bypassed,
        }
    }
}
