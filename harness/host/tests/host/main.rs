//! The host, held against what Envoy and the ABI say, with small modules in WebAssembly text.

mod abi;
mod accounting;
mod allocator;
mod callouts;
mod clock;
mod effects;
mod failure;
mod faults;
mod fixture;
mod grpc;
mod http;
mod http_bodies;
mod http_held;
mod metrics;
mod phases;
mod plugins;
mod properties;
mod refusals;
mod reloads;
mod shared;
mod start;
mod tcp;
mod tcp_close;
mod tcp_deny;
mod tcp_pause;
mod wire;
