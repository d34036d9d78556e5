//! Host functions that Envoy has and this host does not simulate: they exist, and answer `Unimplemented`.

use wasmtime::{Caller, Linker};

use super::{CallResult, Host};
use crate::state::State;
use crate::status::Status;

impl Host<'_> {
    fn unimplemented(&mut self) -> CallResult {
        self.refuse(Status::Unimplemented, "this host does not simulate it")
    }
}

pub(super) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    linker.func_wrap(
        "env",
        "proxy_grpc_stream",
        |caller: Caller<'_, State>,
         _: u32,
         _: u32,
         _: u32,
         _: u32,
         _: u32,
         _: u32,
         _: u32,
         _: u32,
         _: u32| { Host::run(caller, "proxy_grpc_stream", Host::unimplemented) },
    )?;
    linker.func_wrap(
        "env",
        "proxy_grpc_send",
        |caller: Caller<'_, State>, _: u32, _: u32, _: u32, _: u32| {
            Host::run(caller, "proxy_grpc_send", Host::unimplemented)
        },
    )?;
    // Imports of toolchains for other hosts; neither is part of the ABI.
    linker.func_wrap("env", "pthread_equal", |left: u32, right: u32| {
        u32::from(left == right)
    })?;
    linker.func_wrap("env", "emscripten_notify_memory_growth", |_: u32| {})?;
    Ok(())
}
