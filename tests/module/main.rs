//! The shipped module in the simulated Envoy: situations that a real Envoy shows rarely or never.
//!
//! Every order of handshake, greeting and client data; every host call failing; configurations side by side.

mod bounds;
mod configuration;
mod custom;
mod exports;
mod faults;
mod fixture;
mod foreign;
mod gauges;
mod holes;
mod jwt;
mod lock;
mod memory;
mod neighbours;
mod open;
mod sdk;
mod security_policy;
mod shadow;
mod tcp;
