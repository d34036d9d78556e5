//! Plugins: one for each configuration; after an update a VM has several.

use super::callback::CallbackResult;
use super::{PluginId, StreamError, Vm};
use crate::options::{LogLevel, LogLine, PluginOptions, VmOptions};
use crate::state::Plugin;
use crate::stream::{Context, ContextKind};

/// Why a configuration is refused: Envoy then keeps the current one.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{refusal}")]
pub struct ConfigureError {
    refusal: Refusal,
    logs: Vec<LogLine>,
}

/// How a configuration was refused, on the main thread.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// `proxy_on_vm_start` returned false.
    #[error("the module did not start")]
    Start,
    /// `proxy_on_configure` returned false.
    #[error("the configuration was refused")]
    Configure,
    /// The module trapped.
    #[error("{0}")]
    Trapped(String),
    /// An earlier one failed on this worker alone: Envoy accepts no more until everything that uses this VM is gone.
    #[error("an earlier configuration failed on a worker alone")]
    BaseFailed,
}

impl ConfigureError {
    /// How it was refused.
    pub fn refusal(&self) -> &Refusal {
        &self.refusal
    }

    /// The module's log lines during the trial.
    pub fn logs(&self) -> &[LogLine] {
        &self.logs
    }
}

impl Vm {
    /// Creates a root context for a configuration. Earlier configurations stay for their streams until they are
    /// [retired](Vm::retire).
    ///
    /// As in Envoy, the configuration is tried on the main thread first, in a separate VM that ends with the trial: if
    /// it is refused or traps there, the update is refused, and the current configuration stays. A later failure on
    /// this worker alone no longer refuses the update: the filter chain then runs without the filter, whatever the
    /// failure policy says ([`runs_without_filter`](Vm::runs_without_filter)), and further updates are refused.
    ///
    /// # Errors
    ///
    /// If the module refuses it on the main thread or traps there, or if an earlier one failed on this worker alone.
    pub fn configure(&mut self, options: PluginOptions) -> Result<PluginId, ConfigureError> {
        self.try_out(&options)?;
        let plugin = self.state().plugins.len();
        // Without any configuration there is no VM in Envoy: the next configuration finds nothing of an earlier one.
        let unused = plugin > 0 && self.state().plugins.iter().all(|plugin| plugin.deleted);
        if unused {
            self.base_failed = false;
        }
        if self.base_failed {
            return Err(ConfigureError {
                refusal: Refusal::BaseFailed,
                logs: Vec::new(),
            });
        }
        let made_anew = if self.failed.is_some() || unused {
            self.reload()
        } else {
            Ok(())
        };
        self.state_mut().plugins.push(Plugin::new(options));
        let started = made_anew
            .map_err(Refusal::Trapped)
            .and_then(|()| self.start(plugin));
        if let Err(refusal) = started {
            self.lose(plugin, &refusal);
        }
        Ok(PluginId(plugin))
    }

    /// The trial on the main thread. Faults are not injected into its VM; its logs are returned if the configuration is refused.
    fn try_out(&mut self, options: &PluginOptions) -> Result<(), ConfigureError> {
        let trial = VmOptions {
            faults: Vec::new(),
            ..self.state().options.clone()
        };
        let trial = Vm::at(&self.module, trial, self.state().now);
        let mut trial = trial.map_err(|error| ConfigureError {
            refusal: Refusal::Trapped(error.to_string()),
            logs: Vec::new(),
        })?;
        trial.state_mut().plugins.push(Plugin::new(options.clone()));
        trial.start(0).map_err(|refusal| {
            let logs = trial.take_logs();
            // Envoy has one log.
            let state = self.state_mut();
            state.logs.extend(logs.iter().cloned());
            state.violations.append(&mut trial.take_violations());
            ConfigureError { refusal, logs }
        })
    }

    /// Records that this worker failed where the main thread did not: the filter chain has no filter. A refused root context stays
    /// in the VM.
    fn lose(&mut self, plugin: usize, refusal: &Refusal) {
        let message = match refusal {
            Refusal::Start => "Failed to start thread-local Wasm",
            Refusal::Configure | Refusal::Trapped(_) | Refusal::BaseFailed => {
                "Failed to configure thread-local Wasm plugin"
            }
        };
        self.base_failed = true;
        let state = self.state_mut();
        state.log(LogLevel::Error, message.to_owned());
        if let Some(plugin) = state.plugins.get_mut(plugin) {
            plugin.missing = true;
        }
    }

    /// Whether Envoy runs the filter chain of this configuration without the filter, because the worker alone could not
    /// load it: streams pass, and the module is not notified.
    pub fn runs_without_filter(&self, plugin: PluginId) -> bool {
        let plugin = self.state().plugins.get(plugin.0);
        plugin.is_some_and(|plugin| plugin.missing)
    }

    /// Creates the root context, starts it and configures it.
    pub(super) fn start(&mut self, plugin: usize) -> Result<(), Refusal> {
        if let Some(failure) = &self.failed {
            return Err(Refusal::Trapped(failure.clone()));
        }
        let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let root = self.new_context(plugin, ContextKind::Root);
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

    /// A callback that is not exported counts as agreement.
    fn answered(&self, answer: CallbackResult, refusal: Refusal) -> Result<(), Refusal> {
        match (answer, &self.failed) {
            (_, Some(failure)) => Err(Refusal::Trapped(failure.clone())),
            (CallbackResult::With { result: 0, .. }, None) => Err(refusal),
            (CallbackResult::With { .. } | CallbackResult::Skipped | CallbackResult::Failed, None) => Ok(()),
        }
    }

    /// Marks a configuration as replaced by an update: it takes no new streams, and when its last one is closed it is done and
    /// deleted.
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
        if known.missing {
            // It had no handle that could end; its root context, if it exists, stays with its timer.
            known.deleted = true;
            return;
        }
        let root = known.root;
        let done = self.call("proxy_on_done", root, &[]);
        if matches!(done, CallbackResult::With { result: 0, .. }) {
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

    /// Registers a context; the module is notified with `proxy_on_context_create`.
    pub(super) fn new_context(&mut self, plugin: usize, kind: ContextKind) -> u32 {
        let state = self.state_mut();
        let id = state.next_context;
        state.next_context += 1;
        let root = state.plugins.get(plugin).map_or(id, |plugin| plugin.root);
        let root = if matches!(kind, ContextKind::Root) {
            id
        } else {
            root
        };
        state.contexts.insert(id, Context { root, plugin, kind });
        id
    }
}
