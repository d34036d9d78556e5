//! Plugins: one configuration each, several in one VM after an update.

use super::callback::Returned;
use super::{PluginId, StreamError, Vm};
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
    /// Envoy tries each configuration in a VM of its own on its main thread first. Here the VM itself tries the first one;
    /// each further one is tried in a VM of its own, so that whatever happens there the present ones go on.
    ///
    /// # Errors
    /// That the module refuses it, or traps.
    pub fn configure(&mut self, options: PluginOptions) -> Result<PluginId, ConfigureError> {
        if self.state().plugins.iter().any(|plugin| !plugin.deleted) {
            self.try_out(&options)?;
        }
        let before = self.state().logs.len();
        let plugin = self.state().plugins.len();
        // Where nothing is configured there is no VM in Envoy: the next configuration finds nothing that one before it left.
        let unused = plugin > 0 && self.state().plugins.iter().all(|plugin| plugin.deleted);
        let made_anew = if self.failed.is_some() || unused {
            self.reload()
        } else {
            Ok(())
        };
        self.state_mut().plugins.push(Plugin::new(options));
        let started = made_anew
            .map_err(Refusal::Trapped)
            .and_then(|()| self.start(plugin));
        started.map_err(|refusal| {
            let state = self.state_mut();
            if let Some(plugin) = state.plugins.get_mut(plugin) {
                plugin.retired = true;
                plugin.deleted = true;
                plugin.tick = None;
                let root = plugin.root;
                state.contexts.remove(&root);
                state.callouts.retain(|_, callout| callout.root != root);
            }
            let logs = self.state().logs.get(before..).unwrap_or_default().to_vec();
            ConfigureError { refusal, logs }
        })?;
        Ok(PluginId(plugin))
    }

    fn try_out(&mut self, options: &PluginOptions) -> Result<(), ConfigureError> {
        let failed = |refusal| ConfigureError {
            refusal,
            logs: Vec::new(),
        };
        let canary = Vm::at(&self.module, self.state().options.clone(), self.state().now);
        let mut canary = canary.map_err(|error| failed(Refusal::Trapped(error.to_string())))?;
        let tried = canary.configure(options.clone());
        if tried.is_err() {
            // Envoy's log is one.
            self.state_mut().logs.append(&mut canary.take_logs());
        }
        tried.map(|_| ())
    }

    /// Creates the root context, starts it and configures it.
    pub(super) fn start(&mut self, plugin: usize) -> Result<(), Refusal> {
        if let Some(failure) = &self.failed {
            return Err(Refusal::Trapped(failure.clone()));
        }
        let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let root = self.new_context(plugin, Kind::Root);
        let state = self.state_mut();
        let vm_size = length(&state.options.configuration);
        let mut size = 0;
        if let Some(plugin) = state.plugins.get_mut(plugin) {
            plugin.root = root;
            plugin.tick = None;
            size = length(&plugin.options.configuration);
        }
        self.call("proxy_on_context_create", root, &[0]);
        let started = self.call("proxy_on_vm_start", root, &[vm_size]);
        self.answered(started, Refusal::Start)?;
        let configured = self.call("proxy_on_configure", root, &[size]);
        self.answered(configured, Refusal::Configure)
    }

    /// A callback that is not exported agrees.
    fn answered(&self, answer: Returned, refusal: Refusal) -> Result<(), Refusal> {
        match (answer, &self.failed) {
            (_, Some(failure)) => Err(Refusal::Trapped(failure.clone())),
            (Returned::With { result: 0, .. }, None) => Err(refusal),
            (Returned::With { .. } | Returned::Skipped | Returned::Failed, None) => Ok(()),
        }
    }

    /// An update replaced this configuration: no new streams, and when the last one is closed it is done and deleted.
    pub fn retire(&mut self, plugin: PluginId) {
        if let Some(plugin) = self.state_mut().plugins.get_mut(plugin.0) {
            plugin.retired = true;
        }
        self.shut_down_if_unused(plugin.0);
    }

    /// `proxy_on_done` may ask to wait until the module calls `proxy_done`.
    pub(super) fn shut_down_if_unused(&mut self, plugin: usize) {
        let used = self
            .state()
            .contexts
            .values()
            .any(|context| context.plugin == plugin && context.stream().is_some());
        let Some(known) = self.state_mut().plugins.get_mut(plugin) else {
            return;
        };
        if used || !known.retired || known.deleted || known.waits_to_be_done {
            return;
        }
        let root = known.root;
        let done = self.call("proxy_on_done", root, &[]);
        if matches!(done, Returned::With { result: 0, .. }) {
            if let Some(known) = self.state_mut().plugins.get_mut(plugin) {
                known.waits_to_be_done = true;
            }
        } else {
            self.delete_root(root);
        }
    }

    pub(super) fn delete_root(&mut self, root: u32) {
        let Some(plugin) = self
            .state_mut()
            .plugins
            .iter_mut()
            .find(|plugin| plugin.root == root)
        else {
            return;
        };
        if std::mem::replace(&mut plugin.deleted, true) {
            return;
        }
        plugin.tick = None;
        self.call("proxy_on_delete", root, &[]);
        let state = self.state_mut();
        state.contexts.remove(&root);
        state.callouts.retain(|_, callout| callout.root != root);
    }

    /// The root context of a plugin that takes new streams.
    pub(super) fn root(&self, plugin: PluginId) -> Result<u32, StreamError> {
        let plugin = self
            .state()
            .plugins
            .get(plugin.0)
            .filter(|plugin| !plugin.retired);
        plugin.map(|plugin| plugin.root).ok_or(StreamError::NoPlugin)
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
}
