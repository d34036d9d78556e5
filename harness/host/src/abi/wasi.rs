//! The part of WASI preview 1 that Envoy's host has: environment, clock, random bytes, writing to the log.

use wasmtime::{Caller, Linker};

use super::{Host, Stop};
use crate::options::LogLevel;
use crate::state::State;

const SUCCESS: u32 = 0;
const BAD_FILE: u32 = 8;
const FAULT: u32 = 21;
const INVALID: u32 = 28;
const NOT_IMPLEMENTED: u32 = 52;
/// What a function answers that `capability_restriction_config` does not allow.
const NOT_CAPABLE: u32 = 76;

/// The most that Envoy hands out at once.
const RANDOM: u32 = 64 * 1024;

/// Runs a function of WASI; a bad pointer is its own error number.
fn run(
    caller: Caller<'_, State>,
    function: &'static str,
    body: impl FnOnce(&mut Host<'_>) -> Result<u32, Stop>,
) -> wasmtime::Result<u32> {
    let mut host = Host { caller, function };
    *host.state().record.host_calls.entry(function).or_insert(0) += 1;
    if host.state().options.forbidden.contains(function) {
        return Ok(NOT_CAPABLE);
    }
    match body(&mut host) {
        Ok(number) => Ok(number),
        Err(Stop::Status(_)) => Ok(FAULT),
        Err(Stop::Trap(error)) => Err(error),
    }
}

impl Host<'_> {
    fn environment(&mut self) -> Vec<Vec<u8>> {
        let variables = self.state().options.environment.iter();
        variables.map(|(name, value)| format!("{name}={value}\0").into_bytes()).collect()
    }

    fn environ_sizes(&mut self, count: u32, size: u32) -> Result<u32, Stop> {
        let variables = self.environment();
        let total: usize = variables.iter().map(Vec::len).sum();
        self.write_u32(count, variables.len() as u32)?;
        self.write_u32(size, total as u32)?;
        Ok(SUCCESS)
    }

    fn environ(&mut self, mut pointers: u32, mut texts: u32) -> Result<u32, Stop> {
        for variable in self.environment() {
            self.write_u32(pointers, texts)?;
            self.write_bytes(texts, &variable)?;
            pointers = pointers.wrapping_add(4);
            texts = texts.wrapping_add(variable.len() as u32);
        }
        Ok(SUCCESS)
    }

    fn fd_write(&mut self, file: u32, vectors: u32, count: u32, written: u32) -> Result<u32, Stop> {
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

    fn clock(&mut self, result: u32) -> Result<u32, Stop> {
        let now = self.state().nanoseconds();
        self.write_u64(result, now)?;
        Ok(SUCCESS)
    }

    /// The same bytes in every run.
    fn random(&mut self, pointer: u32, size: u32) -> Result<u32, Stop> {
        if size > RANDOM {
            return Ok(INVALID);
        }
        let mut seed: u64 = 0x9e37_79b9_7f4a_7c15;
        let bytes: Vec<u8> = (0..size)
            .map(|_| {
                seed ^= seed << 13;
                seed ^= seed >> 7;
                seed ^= seed << 17;
                seed.to_le_bytes()[0]
            })
            .collect();
        self.write_bytes(pointer, &bytes)?;
        Ok(SUCCESS)
    }

    fn none(&mut self, count: u32, size: u32) -> Result<u32, Stop> {
        self.write_u32(count, 0)?;
        self.write_u32(size, 0)?;
        Ok(SUCCESS)
    }
}

pub(super) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    for module in ["wasi_snapshot_preview1", "wasi_unstable"] {
        linker.func_wrap(module, "environ_sizes_get", |caller: Caller<'_, State>, count: u32, size: u32| {
            run(caller, "environ_sizes_get", |host| host.environ_sizes(count, size))
        })?;
        linker.func_wrap(module, "environ_get", |caller: Caller<'_, State>, pointers: u32, texts: u32| {
            run(caller, "environ_get", |host| host.environ(pointers, texts))
        })?;
        linker.func_wrap(module, "args_sizes_get", |caller: Caller<'_, State>, count: u32, size: u32| {
            run(caller, "args_sizes_get", |host| host.none(count, size))
        })?;
        linker.func_wrap(module, "args_get", |caller: Caller<'_, State>, _: u32, _: u32| {
            run(caller, "args_get", |_| Ok(SUCCESS))
        })?;
        linker.func_wrap(
            module,
            "fd_write",
            |caller: Caller<'_, State>, file: u32, vectors: u32, count: u32, written: u32| {
                run(caller, "fd_write", |host| host.fd_write(file, vectors, count, written))
            },
        )?;
        linker.func_wrap(module, "clock_time_get", |caller: Caller<'_, State>, _: u32, _: u64, result: u32| {
            run(caller, "clock_time_get", |host| host.clock(result))
        })?;
        linker.func_wrap(module, "random_get", |caller: Caller<'_, State>, pointer: u32, size: u32| {
            run(caller, "random_get", |host| host.random(pointer, size))
        })?;
        linker.func_wrap(module, "proc_exit", |_: Caller<'_, State>, code: u32| -> wasmtime::Result<()> {
            Err(wasmtime::Error::msg(format!("the module exited with {code}")))
        })?;
        linker.func_wrap(module, "sched_yield", |caller: Caller<'_, State>| {
            run(caller, "sched_yield", |_| Ok(NOT_IMPLEMENTED))
        })?;
        linker.func_wrap(module, "fd_close", |caller: Caller<'_, State>, _: u32| {
            run(caller, "fd_close", |_| Ok(NOT_IMPLEMENTED))
        })?;
        linker.func_wrap(module, "fd_fdstat_get", |caller: Caller<'_, State>, _: u32, _: u32| {
            run(caller, "fd_fdstat_get", |_| Ok(NOT_IMPLEMENTED))
        })?;
        linker.func_wrap(module, "fd_seek", |caller: Caller<'_, State>, _: u32, _: u64, _: u32, _: u32| {
            run(caller, "fd_seek", |_| Ok(NOT_IMPLEMENTED))
        })?;
        linker.func_wrap(module, "fd_read", |caller: Caller<'_, State>, _: u32, _: u32, _: u32, _: u32| {
            run(caller, "fd_read", |_| Ok(NOT_IMPLEMENTED))
        })?;
        linker.func_wrap(module, "poll_oneoff", |caller: Caller<'_, State>, _: u32, _: u32, _: u32, _: u32| {
            run(caller, "poll_oneoff", |_| Ok(NOT_IMPLEMENTED))
        })?;
    }
    Ok(())
}
