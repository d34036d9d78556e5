//! Envoy's configuration, as far as the tests vary it, written as JSON (which Envoy reads as YAML).

mod access_log;
mod bootstrap;
mod cluster;
mod http;
mod listener;
mod lock;
mod module;
mod port;
mod proxy_protocol;
mod tcp;
mod transport;

pub use bootstrap::{Bootstrap, Node};
pub use cluster::Cluster;
pub use http::Http;
pub use listener::{Listener, Protocol};
pub use lock::Lock;
pub use module::{Encoding, Module};
pub use port::Port;
pub use proxy_protocol::ProxyProtocol;
pub use tcp::{ConnectMode, Tcp};
pub use transport::{ClientCertificate, ServerTls, Transport};

use std::net::SocketAddr;

use serde_json::{Value, json};

/// A typed extension of Envoy: these fields and the type `type.googleapis.com/TYPE`.
pub fn typed(kind: &str, mut fields: Value) -> Value {
    fields["@type"] = format!("type.googleapis.com/{kind}").into();
    fields
}

/// The filter state in which the module finds the direct peer.
fn direct_remote_address() -> Value {
    json!({
        "object_key": "peerwarden.direct_remote_address",
        "factory_key": "envoy.string",
        "format_string": {"text_format_source": {"inline_string": "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%"}},
    })
}

fn socket_address(address: SocketAddr) -> Value {
    json!({"socket_address": {"address": address.ip().to_string(), "port_value": address.port()}})
}
