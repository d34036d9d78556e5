//! Callers over HTTP/1.1, HTTP/2 or TCP.

mod caller;
mod client_request;
pub mod http;
pub mod kubelet;
mod partial_handshake;
pub mod proxy_protocol;
pub mod tcp;
mod tunnel;

pub use caller::Caller;
pub use client_request::{ClientRequest, Reply};
pub use partial_handshake::PartialHandshake;
