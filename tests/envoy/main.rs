//! The module in a real Envoy: what callers get, what the upstream sees, what Envoy reports.
//!
//! Needs Envoy (`tools/envoy.sh`) and the module (`make wasm`), and fails if either is missing.

mod address;
mod client_side;
mod configuration;
mod custom;
mod fixture;
mod grpc;
mod guarantees;
mod hold;
mod holes;
mod http;
mod identity;
mod ingress;
mod jwt;
mod load;
mod lock;
mod memory;
mod metadata;
mod neighbours;
mod refused;
mod refused_requests;
mod rendered;
mod report;
mod request_authentication;
mod server_first;
mod silent;
mod snippets;
mod tcp;
mod trust_domains;
mod underscores;
mod upgrades;
mod waypoint;
