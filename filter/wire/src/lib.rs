//! Reads the bytes that Envoy hands to a Wasm module, and writes those that it takes: the configuration, header maps, protobuf
//! messages, certificates, an external authorizer's answer.
//!
//! It calls no host, so that what reads a stranger's bytes is built and tested natively too. Every reader ends: it takes each byte a
//! bounded number of times, and what it returns is not larger than what it read by more than a constant factor.
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
pub mod framing;
pub mod metadata;
pub mod pairs;
mod pem;
pub mod protobuf;
mod request_line;
