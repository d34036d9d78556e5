//! What happens to streams when the module has trapped.

use super::{PluginId, Vm};
use crate::options::{FailurePolicy, LogLevel, VmOptions};
use crate::state::State;
use crate::stream::Presence;

impl Vm {
    /// Whether streams pass unfiltered when the module has failed.
    pub(super) fn fails_open(&self) -> bool {
        self.state().options.failure_policy == FailurePolicy::FailOpen
    }

    /// A new stream arrives: creates a new instance of a failed module if the policy says so and enough time has passed. A stream
    /// that bypasses the module creates nothing.
    pub(super) fn reload_if_due(&mut self, plugin: PluginId) {
        if self.runs_without_filter(plugin) {
            return;
        }
        let FailurePolicy::FailReload { backoff } = self.state().options.failure_policy else {
            return;
        };
        if self.failed.is_none() || self.state().now.saturating_sub(self.last_load) < backoff {
            return;
        }
        if let Err(error) = self.reload() {
            self.last_load = self.state().now;
            self.state_mut().log(LogLevel::Critical, error);
        }
    }

    /// Creates a new instance with the plugins of the failed one, except those that were to end with their streams
    /// anyway. Streams stay with the instance that they arrived at, including those that the module does not know yet.
    /// A failure here is the new instance's failure.
    pub(super) fn reload(&mut self) -> Result<(), String> {
        let made = self.make_anew();
        if let Err(failure) = &made {
            self.failed = Some(failure.clone());
        }
        made
    }

    fn make_anew(&mut self) -> Result<(), String> {
        let options = std::mem::take(&mut self.state_mut().options);
        let kept = State::new(VmOptions::default());
        let old = std::mem::replace(self.store.data_mut(), kept);
        let mut state = State {
            now: old.now,
            logs: old.logs,
            violations: old.violations,
            contexts: old.contexts,
            next_context: old.next_context,
            counted: old.counted,
            plugins: old.plugins,
            ..State::new(options)
        };
        state.contexts.retain(|_, context| context.stream().is_some());
        for stream in state
            .contexts
            .values_mut()
            .filter_map(|context| context.stream_mut())
        {
            if matches!(stream.module, Presence::Unknown | Presence::Created) {
                stream.module = Presence::Orphaned;
            }
        }
        for plugin in state.plugins.iter_mut().filter(|plugin| plugin.retired) {
            plugin.deleted = true;
            plugin.tick = None;
        }
        self.store = wasmtime::Store::new(&self.module.engine, state);
        self.failed = None;
        self.initialize()?;
        for plugin in 0..self.state().plugins.len() {
            let live = self
                .state()
                .plugins
                .get(plugin)
                .is_some_and(|plugin| !plugin.deleted && !plugin.missing);
            if live {
                self.start(plugin).map_err(|refusal| refusal.to_string())?;
            }
        }
        Ok(())
    }

    /// Sets whether the module knows of a new stream: never, if it has failed or there is no filter.
    pub(super) fn admit(&mut self, plugin: PluginId, id: u32) {
        let presence = match self.failed {
            _ if self.runs_without_filter(plugin) => Presence::Bypassed,
            Some(_) if self.fails_open() => Presence::Bypassed,
            Some(_) => Presence::Orphaned,
            None => Presence::Unknown,
        };
        self.mark(id, presence);
    }

    /// Whether the module knows of a stream.
    pub(super) fn presence(&self, id: u32) -> Presence {
        let stream = self
            .state()
            .contexts
            .get(&id)
            .and_then(|context| context.stream());
        stream.map_or(Presence::Deleted, |stream| stream.module)
    }

    pub(super) fn mark(&mut self, id: u32, presence: Presence) {
        if let Some(stream) = self
            .state_mut()
            .contexts
            .get_mut(&id)
            .and_then(|context| context.stream_mut())
        {
            stream.module = presence;
        }
    }
}
