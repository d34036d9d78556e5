//! The state of a running VM: the data of the wasmtime store, which host functions access.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use wasmtime::{StoreLimits, StoreLimitsBuilder};

use crate::Vm;
use crate::accounting::{CallbackRecord, Violation};
use crate::callout::{Callout, CalloutAnswer, Tokens};
use crate::deferred::DeferredAction;
use crate::metrics::Metrics;
use crate::options::{FaultEffect, LogLevel, LogLine, PluginOptions, VmOptions};
use crate::stream::Context;

/// One configured plugin.
#[derive(Debug)]
pub(crate) struct Plugin {
    pub(crate) options: PluginOptions,
    /// Its root context.
    pub(crate) root: u32,
    /// The period of its timer, and when it next fires.
    pub(crate) tick: Option<(Duration, Duration)>,
    /// The status of the last call that was answered, and its message.
    pub(crate) status: (u32, String),
    /// Whether it takes no new streams.
    pub(crate) retired: bool,
    /// The worker could not load it, so Envoy's filter chain has no filter.
    pub(crate) missing: bool,
    /// `proxy_on_done` asked to wait for `proxy_done`.
    pub(crate) waits_to_be_done: bool,
    pub(crate) deleted: bool,
}

impl Plugin {
    pub(crate) fn new(options: PluginOptions) -> Self {
        Self {
            options,
            root: 0,
            tick: None,
            status: Default::default(),
            retired: false,
            missing: false,
            waits_to_be_done: false,
            deleted: false,
        }
    }
}

/// The store's data.
pub(crate) struct State {
    pub(crate) options: VmOptions,
    pub(crate) limits: StoreLimits,
    pub(crate) plugins: Vec<Plugin>,
    pub(crate) contexts: BTreeMap<u32, Context>,
    pub(crate) next_context: u32,
    /// The number of this VM among those that share state.
    pub(crate) vm: u64,
    /// The context of the running callback.
    pub(crate) true_context: u32,
    /// The context that host calls refer to.
    pub(crate) effective: u32,
    /// Set by a local response: whatever the callback returns, nothing continues.
    pub(crate) stopped: bool,
    pub(crate) deferred: VecDeque<(u32, DeferredAction)>,
    /// The running callback; empty between callbacks.
    pub(crate) callback: &'static str,
    /// Time since the VM was created.
    pub(crate) now: Duration,
    pub(crate) logs: Vec<LogLine>,
    pub(crate) violations: Vec<Violation>,
    pub(crate) metrics: Metrics,
    pub(crate) callouts: BTreeMap<u32, Callout>,
    pub(crate) tokens: Tokens,
    /// The answer that the running callback announces.
    pub(crate) arrived: Option<CalloutAnswer>,
    pub(crate) record: CallbackRecord,
    /// How often each function with a fault has been called.
    pub(crate) counted: BTreeMap<&'static str, u32>,
    /// The fault of the running host call.
    pub(crate) fault: Option<FaultEffect>,
    /// The state of the random number generator.
    pub(crate) random: u64,
}

impl State {
    pub(crate) fn new(options: VmOptions) -> Self {
        Self {
            limits: StoreLimitsBuilder::new().memory_size(options.memory).build(),
            vm: options.shared.join(),
            metrics: Metrics::new(options.shared.clone()),
            options,
            plugins: Vec::new(),
            contexts: BTreeMap::new(),
            next_context: 1,
            true_context: 0,
            effective: 0,
            stopped: false,
            deferred: VecDeque::new(),
            callback: "",
            now: Duration::ZERO,
            logs: Vec::new(),
            violations: Vec::new(),
            callouts: BTreeMap::new(),
            tokens: Tokens::default(),
            arrived: None,
            record: CallbackRecord::default(),
            counted: BTreeMap::new(),
            fault: None,
            random: 0x9e37_79b9_7f4a_7c15,
        }
    }

    /// Nanoseconds since 1970, on the virtual clock.
    pub(crate) fn nanoseconds(&self) -> u64 {
        u64::try_from((Vm::EPOCH + self.now).as_nanos()).unwrap_or(u64::MAX)
    }

    pub(crate) fn log(&mut self, level: LogLevel, message: String) {
        self.logs.push(LogLine { level, message });
    }

    pub(crate) fn violate(&mut self, function: &'static str, message: impl Into<String>) {
        self.violations.push(Violation {
            callback: self.callback,
            function,
            message: message.into(),
        });
    }

    /// The context that host calls refer to.
    pub(crate) fn context(&self) -> Option<&Context> {
        self.contexts.get(&self.effective)
    }

    pub(crate) fn context_mut(&mut self) -> Option<&mut Context> {
        self.contexts.get_mut(&self.effective)
    }

    /// The plugin of the context that host calls refer to.
    pub(crate) fn plugin(&self) -> Option<&Plugin> {
        self.plugins.get(self.context()?.plugin)
    }

    pub(crate) fn plugin_mut(&mut self) -> Option<&mut Plugin> {
        let plugin = self.context()?.plugin;
        self.plugins.get_mut(plugin)
    }

    /// The fault to inject into this call of `function`, if any.
    pub(crate) fn next_fault(&mut self, function: &'static str) -> Option<FaultEffect> {
        if self.options.faults.is_empty() {
            return None;
        }
        let count = self.counted.entry(function).or_insert(0);
        *count += 1;
        let count = *count;
        let fault = self
            .options
            .faults
            .iter()
            .find(|fault| fault.function == function && fault.nth.is_none_or(|nth| nth == count));
        fault.map(|fault| fault.effect.clone())
    }
}
