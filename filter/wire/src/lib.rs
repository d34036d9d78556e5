//! Parses the bytes that Envoy passes to a Wasm module, and writes those for Envoy: the configuration, header maps,
//! protobuf messages, certificates, an external authorizer's answer.
//!
//! It makes no host calls, so that all code that parses untrusted bytes is also built and tested natively. Every parser
//! terminates: it reads each byte a bounded number of times, and its result is larger than its input by at most a
//! constant factor.
#![forbid(unsafe_code)]
#![deny(missing_docs)]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::unreachable,
        clippy::indexing_slicing,
        clippy::string_slice,
        clippy::arithmetic_side_effects,
        clippy::as_conversions
    )
)]

pub mod certificate;
pub mod check_response;
pub mod configuration;
pub mod metadata;
pub mod pairs;
mod pem;
pub mod protobuf;
mod request_line;
