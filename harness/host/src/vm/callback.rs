//! Calls the module, and afterwards carries out what it requested.

use wasmtime::{AsContext, Val};

use super::Vm;
use crate::accounting::CallbackRecord;
use crate::host_functions::INITIALIZE;
use crate::options::LogLevel;

/// The result of a callback.
#[derive(Debug, Clone, Copy)]
pub(super) enum CallbackResult {
    /// It is not exported, or not allowed: Envoy continues without it.
    Skipped,
    /// The module failed, now or before.
    Failed,
    /// `stopped` if a local response was requested: then nothing continues, whatever the result.
    With { result: u32, stopped: bool },
}

impl Vm {
    /// Instantiates the module and runs its initialisation: `_initialize` and then `main`, or `_start`.
    pub(super) fn initialize(&mut self) -> Result<(), String> {
        let told = |error: wasmtime::Error| format!("{error:#}");
        self.store.limiter(|state| &mut state.limits);
        let fuel = self.state().options.fuel;
        self.store.set_fuel(fuel).map_err(told)?;
        self.last_load = self.state().now;
        self.state_mut().callback = INITIALIZE;
        let instance = self.module.instance.instantiate(&mut self.store).map_err(told)?;
        self.functions.clear();
        let exports: Vec<_> = instance
            .exports(&mut self.store)
            .map(|export| export.name().to_owned())
            .collect();
        for name in exports {
            if let Some(function) = instance.get_func(&mut self.store, &name) {
                self.functions.insert(name, function);
            }
        }
        self.memory = instance.get_memory(&mut self.store, "memory");
        let starts: &[&str] = if self.functions.contains_key(INITIALIZE) {
            let main = ["main", "__main_void"]
                .into_iter()
                .find(|name| self.functions.contains_key(*name));
            &[INITIALIZE, main.unwrap_or_default()]
        } else {
            &["_start"]
        };
        for name in starts {
            let Some(start) = self.functions.get(*name).copied() else {
                continue;
            };
            let signature = start.ty(&self.store);
            // `main` has the arguments of C's.
            let arguments = vec![Val::I32(0); signature.params().len()];
            let mut results = vec![Val::I32(0); signature.results().len()];
            start
                .call(&mut self.store, &arguments, &mut results)
                .map_err(told)?;
        }
        self.state_mut().callback = "";
        Ok(())
    }

    /// Calls an exported callback, then carries out what it requested, which may call others.
    pub(super) fn call(&mut self, callback: &'static str, context: u32, arguments: &[u32]) -> CallbackResult {
        let returned = self.enter(callback, context, arguments);
        self.run_deferred();
        returned
    }

    /// Calls a callback as Envoy never does: for a context that may not exist or may be of another kind, with any arguments.
    /// Returns its result; `None` if there is no such callback, or it traps.
    pub fn call_out_of_turn(
        &mut self,
        callback: &'static str,
        context: u32,
        arguments: &[u32],
    ) -> Option<u32> {
        match self.call(callback, context, arguments) {
            CallbackResult::With { result, .. } => Some(result),
            CallbackResult::Skipped | CallbackResult::Failed => None,
        }
    }

    fn enter(&mut self, callback: &'static str, context: u32, arguments: &[u32]) -> CallbackResult {
        if self.failed.is_some() {
            return CallbackResult::Failed;
        }
        let Some(function) = self.functions.get(callback).copied() else {
            return CallbackResult::Skipped;
        };
        if !self.state().options.allows(callback) {
            return CallbackResult::Skipped;
        }
        let mut values = vec![number(context)];
        values.extend(arguments.iter().copied().map(number));
        let mut results = vec![Val::I32(0); function.ty(self.store.as_context()).results().len()];
        let fuel = self.state().options.fuel;
        let state = self.state_mut();
        state.record = CallbackRecord::default();
        state.callback = callback;
        state.true_context = context;
        state.effective = context;
        state.stopped = false;
        // Fuel is on, so this cannot fail.
        let _ = self.store.set_fuel(fuel);
        let outcome = function.call(&mut self.store, &values, &mut results);
        let burned = fuel.saturating_sub(self.store.get_fuel().unwrap_or(0));
        let state = self.state_mut();
        state.callback = "";
        let record = std::mem::take(&mut state.record);
        let stopped = std::mem::take(&mut state.stopped);
        if state.options.accounting {
            self.accounting.push(CallbackRecord {
                callback,
                context,
                fuel: burned,
                ..record
            });
        }
        if let Err(error) = outcome {
            let message = format!("{callback} trapped: {error:#}");
            self.state_mut().log(LogLevel::Critical, message.clone());
            self.failed = Some(message);
            return CallbackResult::Failed;
        }
        let result = match results.first() {
            Some(Val::I32(result)) => result.cast_unsigned(),
            _ => 0,
        };
        CallbackResult::With { result, stopped }
    }
}

fn number(number: u32) -> Val {
    Val::I32(number.cast_signed())
}
