//! The host functions of ABI 0.2.1 (<https://github.com/proxy-wasm/spec/tree/main/abi-versions/v0.2.1>), as Envoy's C++
//! host implements them.
//!
//! Each goes through [`Host::run`], which counts the call, injects faults and records violations.

mod buffers;
mod callouts;
mod foreign;
mod grpc_service;
mod headers;
mod logging;
mod memory;
mod metrics;
mod properties;
mod protobuf;
mod shared;
mod streams;
mod time;
mod unimplemented;
mod wasi;

use wasmtime::{Caller, Linker};

use crate::options::FaultEffect;
use crate::state::State;
use crate::status::Status;

/// A running host call.
pub(crate) struct Host<'c> {
    caller: Caller<'c, State>,
    function: &'static str,
}

/// Why a host call ends early.
#[derive(Debug)]
pub(crate) enum CallError {
    Status(Status),
    /// The module traps.
    Trap(wasmtime::Error),
}

type CallResult = Result<(), CallError>;

impl From<Status> for CallError {
    fn from(status: Status) -> Self {
        CallError::Status(status)
    }
}

/// The callback during which only logs and WASI may be called; anything else is a trap.
pub(crate) const INITIALIZE: &str = "_initialize";

impl<'c> Host<'c> {
    /// Runs one host call and returns its status.
    fn run(
        caller: Caller<'c, State>,
        function: &'static str,
        body: impl FnOnce(&mut Self) -> CallResult,
    ) -> wasmtime::Result<u32> {
        let mut host = Self { caller, function };
        let state = host.caller.data_mut();
        *state.record.host_calls.entry(function).or_insert(0) += 1;
        if !state.options.allows(function) {
            return Ok(Status::InternalFailure as u32);
        }
        if state.callback == INITIALIZE && function != "proxy_log" {
            state.violate(function, "only logs may be written while the module initialises");
            return Err(wasmtime::Error::msg("restricted_callback"));
        }
        state.fault = state.next_fault(function);
        if let Some(FaultEffect::Status(status)) = state.fault {
            return Ok(status);
        }
        match body(&mut host) {
            Ok(()) => Ok(Status::Ok as u32),
            Err(CallError::Status(status)) => Ok(status as u32),
            Err(CallError::Trap(error)) => Err(error),
        }
    }

    fn state(&mut self) -> &mut State {
        self.caller.data_mut()
    }

    /// Records that the module broke a rule.
    fn violate(&mut self, message: impl Into<String>) {
        let function = self.function;
        self.state().violate(function, message);
    }

    /// Records a violation, and ends the call with `status`.
    fn refuse<T>(&mut self, status: Status, message: impl Into<String>) -> Result<T, CallError> {
        self.violate(message);
        Err(status.into())
    }
}

/// Links one host function to the method that implements it.
macro_rules! link {
    ($linker:ident, $name:literal => $method:ident ( $($argument:ident : $type:ty),* )) => {
        $linker.func_wrap("env", $name, |caller: Caller<'_, State>, $($argument: $type),*| {
            Host::run(caller, $name, |host| host.$method($($argument),*))
        })?;
    };
}

/// Links every host function, for every module.
pub(crate) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    link!(linker, "proxy_log" => log(level: u32, message: u32, size: u32));
    link!(linker, "proxy_get_log_level" => log_level(result: u32));

    link!(linker, "proxy_get_property" => get_property(path: u32, path_size: u32, value: u32, size: u32));
    link!(linker, "proxy_set_property" => set_property(path: u32, path_size: u32, value: u32, size: u32));

    link!(linker, "proxy_get_header_map_value" => header(map: u32, key: u32, key_size: u32, value: u32, size: u32));
    link!(linker, "proxy_add_header_map_value" => add_header(map: u32, key: u32, key_size: u32, value: u32, size: u32));
    link!(linker, "proxy_replace_header_map_value" => replace_header(map: u32, key: u32, key_size: u32, value: u32, size: u32));
    link!(linker, "proxy_remove_header_map_value" => remove_header(map: u32, key: u32, key_size: u32));
    link!(linker, "proxy_get_header_map_pairs" => headers(map: u32, value: u32, size: u32));
    link!(linker, "proxy_set_header_map_pairs" => set_headers(map: u32, value: u32, size: u32));
    link!(linker, "proxy_get_header_map_size" => headers_size(map: u32, result: u32));

    link!(linker, "proxy_get_buffer_bytes" => buffer(buffer: u32, start: u32, length: u32, value: u32, size: u32));
    link!(linker, "proxy_get_buffer_status" => buffer_status(buffer: u32, length: u32, flags: u32));
    link!(linker, "proxy_set_buffer_bytes" => set_buffer(buffer: u32, start: u32, length: u32, value: u32, size: u32));

    link!(linker, "proxy_send_local_response" => local_response(
        code: u32, details: u32, details_size: u32, body: u32, body_size: u32, headers: u32, headers_size: u32, grpc: i32));
    link!(linker, "proxy_continue_stream" => continue_stream(stream: u32));
    link!(linker, "proxy_close_stream" => close_stream(stream: u32));
    link!(linker, "proxy_done" => done());
    link!(linker, "proxy_set_effective_context" => set_effective_context(context: u32));

    link!(linker, "proxy_get_current_time_nanoseconds" => time(result: u32));
    link!(linker, "proxy_set_tick_period_milliseconds" => tick_period(milliseconds: u32));

    link!(linker, "proxy_define_metric" => define_metric(kind: u32, name: u32, size: u32, result: u32));
    link!(linker, "proxy_increment_metric" => increment_metric(metric: u32, by: i64));
    link!(linker, "proxy_record_metric" => record_metric(metric: u32, value: u64));
    link!(linker, "proxy_get_metric" => get_metric(metric: u32, result: u32));

    link!(linker, "proxy_get_shared_data" => shared_data(key: u32, key_size: u32, value: u32, size: u32, cas: u32));
    link!(linker, "proxy_set_shared_data" => set_shared_data(key: u32, key_size: u32, value: u32, size: u32, cas: u32));
    link!(linker, "proxy_register_shared_queue" => register_queue(name: u32, size: u32, result: u32));
    link!(linker, "proxy_resolve_shared_queue" => resolve_queue(vm: u32, vm_size: u32, name: u32, size: u32, result: u32));
    link!(linker, "proxy_enqueue_shared_queue" => enqueue(queue: u32, value: u32, size: u32));
    link!(linker, "proxy_dequeue_shared_queue" => dequeue(queue: u32, value: u32, size: u32));

    link!(linker, "proxy_http_call" => http_call(
        cluster: u32, cluster_size: u32, headers: u32, headers_size: u32, body: u32, body_size: u32, trailers: u32,
        trailers_size: u32, timeout: u32, result: u32));
    link!(linker, "proxy_grpc_call" => grpc_call(
        cluster: u32, cluster_size: u32, service: u32, service_size: u32, method: u32, method_size: u32, metadata: u32,
        metadata_size: u32, message: u32, message_size: u32, timeout: u32, result: u32));
    link!(linker, "proxy_grpc_cancel" => grpc_cancel(token: u32));
    link!(linker, "proxy_grpc_close" => grpc_cancel(token: u32));
    link!(linker, "proxy_call_foreign_function" => foreign_function(
        name: u32, name_size: u32, arguments: u32, arguments_size: u32, result: u32, result_size: u32));
    link!(linker, "proxy_get_status" => call_status(code: u32, value: u32, size: u32));

    unimplemented::link(linker)?;
    wasi::link(linker)
}
