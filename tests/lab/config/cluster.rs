//! Clusters: where Envoy sends requests and connections.

use std::net::SocketAddr;

use serde_json::{Value, json};

use super::{Lock, socket_address, typed};

/// A cluster of at most one host.
#[derive(Debug, Clone)]
pub struct Cluster {
    name: String,
    host: Option<SocketAddr>,
    http2: bool,
}

// === impl Cluster ===

impl Cluster {
    /// A host that speaks HTTP/1.1, or not HTTP at all.
    pub fn http1(name: &str, host: SocketAddr) -> Self {
        Self {
            name: name.to_owned(),
            host: Some(host),
            http2: false,
        }
    }

    /// A host that speaks HTTP/2, as gRPC requires.
    pub fn http2(name: &str, host: SocketAddr) -> Self {
        Self {
            http2: true,
            ..Self::http1(name, host)
        }
    }

    /// The cluster that `tcp_proxy` uses if the module names none.
    pub fn nowhere() -> Self {
        Self {
            name: Lock::NOWHERE.to_owned(),
            host: None,
            http2: false,
        }
    }

    /// A cluster that currently has no host.
    pub fn without_host(mut self) -> Self {
        self.host = None;
        self
    }

    pub(super) fn render(&self) -> Value {
        let endpoints: Vec<Value> = self
            .host
            .iter()
            .map(|host| json!({"lb_endpoints": [{"endpoint": {"address": socket_address(*host)}}]}))
            .collect();
        let mut cluster = json!({
            "name": self.name,
            "type": "STATIC",
            "connect_timeout": "2s",
            "load_assignment": {"cluster_name": self.name, "endpoints": endpoints},
        });
        if self.http2 {
            let kind = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
            let options = json!({"explicit_http_config": {"http2_protocol_options": {}}});
            cluster["typed_extension_protocol_options"] = json!({ kind: typed(kind, options) });
        }
        cluster
    }
}
