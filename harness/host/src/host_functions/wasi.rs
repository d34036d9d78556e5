//! The part of WASI preview 1 that Envoy's host implements: environment, clock, random bytes, writing to the log. Functions that
//! exist only so that modules link are in [`constant`].

mod constant;

use wasmtime::{Caller, Linker};

use super::{CallError, Host};
use crate::options::{FaultEffect, LogLevel};
use crate::state::State;

const SUCCESS: u32 = 0;
const BAD_FILE: u32 = 8;
const FAULT: u32 = 21;
const INVALID: u32 = 28;
const NOT_SUPPORTED: u32 = 58;
/// The answer of a function that `capability_restriction_config` does not allow.
const NOT_CAPABLE: u32 = 76;

/// The most bytes that Envoy returns at once.
const RANDOM: u32 = 64 * 1024;

/// Runs a function of WASI; a bad pointer has its own error number.
fn run(
    caller: Caller<'_, State>,
    function: &'static str,
    body: impl FnOnce(&mut Host<'_>) -> Result<u32, CallError>,
) -> wasmtime::Result<u32> {
    let mut host = Host { caller, function };
    if let Some(number) = intercept(host.state(), function) {
        return Ok(number);
    }
    match body(&mut host) {
        Ok(number) => Ok(number),
        Err(CallError::Status(_)) => Ok(FAULT),
        Err(CallError::Trap(error)) => Err(error),
    }
}

/// Counts a call, and answers it if it is not allowed or has a fault.
fn intercept(state: &mut State, function: &'static str) -> Option<u32> {
    *state.record.host_calls.entry(function).or_insert(0) += 1;
    if !state.options.allows(function) {
        return Some(NOT_CAPABLE);
    }
    match state.next_fault(function) {
        Some(FaultEffect::Status(number)) => Some(number),
        // WASI returns nothing in memory that the host allocates.
        Some(FaultEffect::Bytes(_) | FaultEffect::NoMemory) | None => None,
    }
}

impl Host<'_> {
    fn environment(&mut self) -> Vec<Vec<u8>> {
        let variables = self.state().options.environment.iter();
        variables
            .map(|(name, value)| format!("{name}={value}\0").into_bytes())
            .collect()
    }

    fn environ_sizes(&mut self, count: u32, size: u32) -> Result<u32, CallError> {
        let variables = self.environment();
        let total: usize = variables.iter().map(Vec::len).sum();
        self.write_u32(count, variables.len() as u32)?;
        self.write_u32(size, total as u32)?;
        Ok(SUCCESS)
    }

    fn environ(&mut self, mut pointers: u32, mut texts: u32) -> Result<u32, CallError> {
        for variable in self.environment() {
            self.write_u32(pointers, texts)?;
            self.write_bytes(texts, &variable)?;
            pointers = pointers.wrapping_add(4);
            texts = texts.wrapping_add(variable.len() as u32);
        }
        Ok(SUCCESS)
    }

    fn fd_write(&mut self, file: u32, vectors: u32, count: u32, written: u32) -> Result<u32, CallError> {
        let level = match file {
            1 => LogLevel::Info,
            2 => LogLevel::Error,
            _ => return Ok(BAD_FILE),
        };
        let mut text = Vec::new();
        let table = self.bytes(vectors, count.saturating_mul(8))?;
        for vector in table.chunks_exact(8) {
            let (pointer, size) = vector.split_at(4);
            let number = |bytes: &[u8]| bytes.try_into().map(u32::from_le_bytes).unwrap_or_default();
            text.extend(self.bytes(number(pointer), number(size))?);
        }
        let message = String::from_utf8_lossy(&text).trim_end_matches('\n').to_owned();
        self.state().log(level, message);
        self.write_u32(written, text.len() as u32)?;
        Ok(SUCCESS)
    }

    /// Wall clock and monotonic clock are both the virtual clock.
    fn time_of(&mut self, clock: u32, _precision: u64, result: u32) -> Result<u32, CallError> {
        if clock > 1 {
            return Ok(NOT_SUPPORTED);
        }
        let now = self.state().nanoseconds();
        self.write_u64(result, now)?;
        Ok(SUCCESS)
    }

    fn clock_resolution(&mut self, clock: u32, result: u32) -> Result<u32, CallError> {
        if clock > 1 {
            return Ok(NOT_SUPPORTED);
        }
        self.write_u64(result, 1)?;
        Ok(SUCCESS)
    }

    /// Standard output and error may be written to; nothing else is allowed.
    fn file_status(&mut self, file: u32, result: u32) -> Result<u32, CallError> {
        const WRITE: u64 = 64;
        if !matches!(file, 1 | 2) {
            return Ok(BAD_FILE);
        }
        for (place, number) in [(0, 0), (8, WRITE), (16, 0)] {
            self.write_u64(result.wrapping_add(place), number)?;
        }
        Ok(SUCCESS)
    }

    /// There are no arguments to write.
    fn nothing(&mut self, _pointers: u32, _texts: u32) -> Result<u32, CallError> {
        Ok(SUCCESS)
    }

    /// No event ever occurs.
    fn poll_oneoff(&mut self, _input: u32, _output: u32, _count: u32, events: u32) -> Result<u32, CallError> {
        self.write_u32(events, 0)?;
        Ok(SUCCESS)
    }

    /// The same bytes in every run, but different ones at each call.
    fn random(&mut self, pointer: u32, size: u32) -> Result<u32, CallError> {
        if size > RANDOM {
            return Ok(INVALID);
        }
        let seed = &mut self.state().random;
        let bytes: Vec<u8> = (0..size)
            .map(|_| {
                *seed ^= *seed << 13;
                *seed ^= *seed >> 7;
                *seed ^= *seed << 17;
                seed.to_le_bytes()[0]
            })
            .collect();
        self.write_bytes(pointer, &bytes)?;
        Ok(SUCCESS)
    }

    fn none(&mut self, count: u32, size: u32) -> Result<u32, CallError> {
        self.write_u32(count, 0)?;
        self.write_u32(size, 0)?;
        Ok(SUCCESS)
    }
}

/// Links one function of WASI to the method that implements it.
macro_rules! link {
    ($linker:ident, $module:ident, $name:literal, $method:ident ( $($argument:ident : $type:ty),* )) => {
        $linker.func_wrap($module, $name, |caller: Caller<'_, State>, $($argument: $type),*| {
            run(caller, $name, |host| host.$method($($argument),*))
        })?;
    };
}

pub(super) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    for module in ["wasi_snapshot_preview1", "wasi_unstable"] {
        link!(linker, module, "environ_sizes_get", environ_sizes(count: u32, size: u32));
        link!(linker, module, "environ_get", environ(pointers: u32, texts: u32));
        link!(linker, module, "args_sizes_get", none(count: u32, size: u32));
        link!(linker, module, "args_get", nothing(pointers: u32, texts: u32));
        link!(linker, module, "fd_write", fd_write(file: u32, vectors: u32, count: u32, written: u32));
        link!(linker, module, "fd_fdstat_get", file_status(file: u32, result: u32));
        link!(linker, module, "clock_time_get", time_of(clock: u32, precision: u64, result: u32));
        link!(linker, module, "clock_res_get", clock_resolution(clock: u32, result: u32));
        link!(linker, module, "random_get", random(pointer: u32, size: u32));
        link!(linker, module, "poll_oneoff", poll_oneoff(input: u32, output: u32, count: u32, events: u32));
        linker.func_wrap(
            module,
            "proc_exit",
            |_: Caller<'_, State>, code: u32| -> wasmtime::Result<()> {
                Err(wasmtime::Error::msg(format!("the module exited with {code}")))
            },
        )?;
        constant::link(linker, module)?;
    }
    Ok(())
}
