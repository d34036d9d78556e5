//! Envoy's configuration, as much of it as the tests vary, written as JSON (which Envoy reads as YAML).

mod access_log;
mod bootstrap;
mod cluster;
mod http;
mod listener;
mod module;
mod port;
mod tcp;
mod transport;

pub use bootstrap::{Bootstrap, Node};
pub use cluster::Cluster;
pub use http::Http;
pub use listener::{Listener, Protocol};
pub use module::{Encoding, Module};
pub use port::Port;
pub use tcp::{ConnectMode, Tcp};
pub use transport::{ClientCertificate, ServerTls, Transport};

use std::net::SocketAddr;

use serde_json::{Value, json};

/// A typed extension of Envoy: `type.googleapis.com/TYPE` with these fields beside it.
fn typed(kind: &str, mut fields: Value) -> Value {
    fields["@type"] = format!("type.googleapis.com/{kind}").into();
    fields
}

fn socket_address(address: SocketAddr) -> Value {
    json!({"socket_address": {"address": address.ip().to_string(), "port_value": address.port()}})
}
