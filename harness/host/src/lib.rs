//! A Proxy-Wasm host that behaves as Envoy does, for tests and tools.
//!
//! It runs any module of ABI 0.2 on wasmtime. A [`Module`] is compiled once; a [`Vm`] is the state of one worker thread of Envoy. A
//! test drives HTTP streams and TCP connections through it, on a virtual clock and without any network. Whatever Envoy does after a
//! callback (a local response, a close, a resume) happens after it here too. A call that a module must not make is answered as
//! Envoy answers it, and recorded as a [`Violation`].
//!
//! ```
//! use peerwarden_host::{Connection, HttpOutcome, Module, PluginOptions, Request, Vm, VmOptions};
//!
//! // A module that denies every request, in WebAssembly text, which the crate `wat` assembles.
//! let module = Module::new(&wat::parse_str(r#"(module
//!     (import "env" "proxy_send_local_response"
//!         (func $respond (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
//!     (memory (export "memory") 1)
//!     (func (export "proxy_abi_version_0_2_1"))
//!     (func (export "malloc") (param i32) (result i32) i32.const 1024)
//!     (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
//!         (drop (call $respond (i32.const 403) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
//!             (i32.const 0) (i32.const 0) (i32.const -1)))
//!         i32.const 1))"#)?)?;
//! let mut vm = Vm::new(&module, VmOptions::default())?;
//! let plugin = vm.configure(PluginOptions::default())?;
//!
//! let request = Request::new([(":method", "GET"), (":path", "/"), (":authority", "orders")]);
//! let stream = vm.http_stream(plugin, &Connection::default(), request)?;
//! let HttpOutcome::LocalResponse(response) = vm.request_headers(stream)? else { panic!() };
//! assert_eq!(response.code, 403);
//! vm.close(stream)?;
//! assert!(vm.violations().is_empty());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The behaviour was read from the source of Envoy and of its C++ host for Proxy-Wasm, and measured where these leave doubt.
//!
//! A [`Vm`] is the state of one worker. A configuration is tried on the main thread first, in a separate VM; if only the worker
//! cannot load it, its filter chain runs without the filter ([`Vm::configure`]). A worker's memory has a limit
//! ([`VmOptions::memory`]), and `capability_restriction_config` removes callbacks and host functions ([`VmOptions::allowed`]).
//! `tcp_proxy` connects to the cluster that it is configured with ([`TcpOptions::cluster`]), or the one that a module names with
//! `set_envoy_filter_state`.
//!
//! Not simulated, and answered with `Unimplemented`: Envoy's other foreign functions, gRPC streams (unary calls are), attributes of
//! upstreams, routes, listeners and of the node except its metadata, the digest of a certificate. Not simulated at all: limits of
//! buffers other than that of early data, other filters, retries, HTTP metadata frames, ABI 0.1, the main thread's own VM except
//! in trials, several workers of which one fails.
// Except for one call, which loads compiled code (`module.rs`).
#![deny(unsafe_code)]
#![deny(missing_docs)]

mod accounting;
mod callout;
mod certificate;
mod connection;
mod deferred;
mod host_functions;
mod metric_value;
mod metrics;
mod module;
mod options;
mod pairs;
mod property;
mod shared;
mod state;
mod status;
mod stream;
mod vm;

pub use accounting::{CallbackRecord, Violation};
pub use callout::{Callout, CalloutRequest, CalloutResponse};
pub use connection::{Connection, Headers, PeerCertificate, Request, Tls};
pub use metric_value::MetricValue;
pub use module::{Module, ModuleError};
pub use options::{
    EnvoyVersion, FailurePolicy, Fault, FaultEffect, LogLevel, LogLine, PluginOptions, VmOptions,
};
pub use shared::SharedState;
pub use status::Status;
pub use stream::http::{HttpOutcome, LocalResponse};
pub use stream::record::{CloseReason, TcpEvent, TcpRecord};
pub use stream::tcp::{TcpOptions, UpstreamConnectMode};
pub use vm::{
    ConfigureError, HttpStreamId, PluginId, Refusal, StreamError, StreamId, TcpConnectionId, Vm, VmError,
};
