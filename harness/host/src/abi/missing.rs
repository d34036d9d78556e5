//! Host functions that Envoy has and this host does not simulate: they are there, and say so.

use wasmtime::{Caller, Linker};

use super::{Host, Outcome};
use crate::state::State;
use crate::status::Status;

/// Foreign functions that Envoy brings along; others are unknown to it too.
const FOREIGN: [&str; 9] = [
    "sign",
    "verify_signature",
    "compress",
    "uncompress",
    "declare_property",
    "set_envoy_filter_state",
    "clear_route_cache",
    "expr_create",
    "expr_evaluate",
];

impl Host<'_> {
    fn unimplemented(&mut self) -> Outcome {
        self.refuse(Status::Unimplemented, "this host does not simulate it")
    }

    fn foreign_function(&mut self, name: u32, size: u32) -> Outcome {
        let name = self.text(name, size)?;
        if FOREIGN.contains(&name.as_str()) {
            return self.refuse(
                Status::Unimplemented,
                format!("this host does not simulate `{name}`"),
            );
        }
        Err(Status::NotFound.into())
    }
}

pub(super) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    linker.func_wrap(
        "env",
        "proxy_call_foreign_function",
        |caller: Caller<'_, State>, name: u32, size: u32, _: u32, _: u32, _: u32, _: u32| {
            Host::run(caller, "proxy_call_foreign_function", |host| {
                host.foreign_function(name, size)
            })
        },
    )?;
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
    // What toolchains for other hosts import; neither is part of the ABI.
    linker.func_wrap("env", "pthread_equal", |left: u32, right: u32| {
        u32::from(left == right)
    })?;
    linker.func_wrap("env", "emscripten_notify_memory_growth", |_: u32| {})?;
    Ok(())
}
