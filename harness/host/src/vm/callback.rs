//! Calling the module.

use wasmtime::{AsContext, Val};

use super::Vm;
use crate::abi::INITIALIZE;
use crate::accounting::CallbackRecord;
use crate::options::{FailurePolicy, LogLevel};

impl Vm {
    /// Instantiates the module and runs its initialisation: `_initialize`, or `_start`.
    pub(super) fn initialize(&mut self) -> Result<(), String> {
        let (memory, fuel) = (self.state().options.memory, self.state().options.fuel);
        let _ = memory;
        self.store.limiter(|state| &mut state.limits);
        self.store.set_fuel(fuel).map_err(|error| format!("{error:#}"))?;
        self.state_mut().callback = INITIALIZE;
        let instance = self.module.instance.instantiate(&mut self.store).map_err(|error| format!("{error:#}"))?;
        self.functions.clear();
        let exports: Vec<_> = instance.exports(&mut self.store).map(|export| export.name().to_owned()).collect();
        for name in exports {
            if let Some(function) = instance.get_func(&mut self.store, &name) {
                self.functions.insert(name, function);
            }
        }
        self.memory = instance.get_memory(&mut self.store, "memory");
        let start = ["_initialize", "_start"].into_iter().find_map(|name| self.functions.get(name).copied());
        if let Some(start) = start {
            start.call(&mut self.store, &[], &mut []).map_err(|error| format!("{error:#}"))?;
        }
        self.state_mut().callback = "";
        Ok(())
    }

    /// Calls an exported callback, and answers what it returns. `None` when it is not exported, not allowed, or traps: then
    /// the VM has failed.
    pub(super) fn call(&mut self, callback: &'static str, context: u32, arguments: &[u32]) -> Option<u32> {
        if self.failed.is_some() || self.state().options.forbidden.contains(callback) {
            return None;
        }
        let function = *self.functions.get(callback)?;
        let mut values = vec![number(context)];
        values.extend(arguments.iter().copied().map(number));
        let results = function.ty(self.store.as_context()).results().len();
        let mut results = vec![Val::I32(0); results];
        let fuel = self.state().options.fuel;
        let outer = std::mem::take(&mut self.state_mut().record);
        let state = self.state_mut();
        state.callback = callback;
        state.effective = context;
        // Fuel is on, so this cannot fail.
        let _ = self.store.set_fuel(fuel);
        let outcome = function.call(&mut self.store, &values, &mut results);
        let burned = fuel.saturating_sub(self.store.get_fuel().unwrap_or(0));
        let state = self.state_mut();
        state.callback = "";
        let mut record = std::mem::replace(&mut state.record, outer);
        if state.options.accounting {
            record = CallbackRecord {
                callback,
                context,
                fuel: burned,
                ..record
            };
            self.accounting.push(record);
        }
        if let Err(error) = outcome {
            self.fail(callback, &error);
            return None;
        }
        match results.first() {
            Some(Val::I32(result)) => Some(result.cast_unsigned()),
            _ => None,
        }
    }

    fn fail(&mut self, callback: &'static str, error: &wasmtime::Error) {
        let message = format!("{callback} trapped: {error:#}");
        self.state_mut().log(LogLevel::Critical, message.clone());
        self.failed = Some(message);
        if let FailurePolicy::FailReload { backoff } = self.state().options.failure_policy {
            self.reload_after.get_or_insert(self.store.data().now + backoff);
        }
    }

    /// Whether streams pass unfiltered now that the module failed.
    pub(super) fn fails_open(&self) -> bool {
        self.state().options.failure_policy == FailurePolicy::FailOpen
    }

    /// Makes a new instance for a failed one, when the policy says so and the time has come.
    pub(super) fn reload_if_due(&mut self) {
        let due = self.reload_after.is_some_and(|after| after <= self.state().now);
        if self.failed.is_none() || !due {
            return;
        }
        let FailurePolicy::FailReload { backoff } = self.state().options.failure_policy else { return };
        self.reload_after = Some(self.state().now + backoff);
        self.failed = None;
        if let Err(error) = self.reload() {
            self.state_mut().log(LogLevel::Critical, error.clone());
            self.failed = Some(error);
        }
    }
}

fn number(number: u32) -> Val {
    Val::I32(number.cast_signed())
}
