//! The Wasm module that Envoy loads: fetches attributes, asks the engine, acts on the decision.
//!
//! It contains no policy logic and never panics: every answer of a host call is read as a number, and anything that
//! cannot be trusted denies. One module serves both chains, `envoy.filters.http.wasm` and `envoy.filters.network.wasm`;
//! `protocol` in its configuration says which.
#![deny(
    unsafe_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::unreachable,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]

mod abi;
mod allocations;
mod attributes;
mod authorizer;
mod clock;
mod configuration;
mod contexts;
mod exports;
mod forbidden;
mod http;
mod lock;
mod memory;
mod numbered_map;
mod open;
mod pending_calls;
mod report;
mod root;
mod tcp;
mod timer;
