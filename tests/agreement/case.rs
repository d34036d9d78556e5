//! Cases for both filters: sets of policies, and their connections and requests.

mod caller;
mod traffic;

pub(crate) use caller::{CAST, Credential, Member};

use std::net::{IpAddr, SocketAddr};

use peerwarden_lab::client::http::Version;
pub(crate) use peerwarden_lab::native::{Layer, Mesh, ROOT_NAMESPACE};
use serde_json::{Value, json};

/// Policies, and the settings of the listeners in front of them.
#[derive(Debug, Clone)]
pub(crate) struct PolicySet {
    pub(crate) layer: Layer,
    pub(crate) mesh: Mesh,
    pub(crate) policies: Vec<Value>,
    pub(crate) addresses: Addresses,
}

/// How Envoy derives the client's address of an HTTP request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Addresses {
    pub(crate) use_remote_address: bool,
    pub(crate) trusted_hops: u32,
}

/// One connection, made to both listeners in the same way.
#[derive(Debug, Clone)]
pub(crate) struct Visit {
    /// An index into [`CAST`].
    pub(crate) member: usize,
    /// The address in 127.0.0.0/8 that it is made from.
    pub(crate) from: IpAddr,
    /// The header of a load balancer in between.
    pub(crate) proxy: Option<ProxyHeader>,
    /// The server name below `mesh.lab`; none is sent for `None`.
    pub(crate) server_name: Option<&'static str>,
    pub(crate) version: Version,
    /// For HTTP, one after another; a TCP connection is itself one question.
    pub(crate) requests: Vec<Request>,
}

/// A header of the PROXY protocol, with the source and destination of a connection.
#[derive(Debug, Clone)]
pub(crate) struct ProxyHeader {
    pub(crate) source: SocketAddr,
    pub(crate) destination: SocketAddr,
    /// A value that becomes dynamic metadata of the connection.
    pub(crate) value: Option<String>,
}

/// One HTTP request.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) authority: String,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) forwarded_for: Vec<String>,
    /// The payload of a verified token.
    pub(crate) token: Option<Value>,
    /// A value in the dynamic metadata of another filter.
    pub(crate) metadata: Option<Value>,
}

/// The header with a token's payload for the filter that turns it into metadata; then the other metadata.
pub(crate) const TOKEN_HEADER: &str = "x-agreement-token";
pub(crate) const METADATA_HEADER: &str = "x-agreement-metadata";

/// Metadata other than tokens: filter and key.
pub(crate) const HTTP_METADATA: (&str, &str) = ("envoy.filters.http.tier", "level");
pub(crate) const TCP_METADATA: (&str, &str) = ("envoy.filters.network.tier", "level");

/// The type of the value in a PROXY header that becomes metadata: the first of the types for custom use.
pub(crate) const PROXY_VALUE: u8 = 0xE0;

impl PolicySet {
    /// The module's configuration.
    pub(crate) fn configuration(&self) -> Value {
        json!({
            "mesh": self.mesh(),
            "workload": self.workload(),
            "resources": self.policies,
            "protocol": self.layer.as_str(),
            "report": "all",
        })
    }

    /// The case as `peerwarden explain` reads it.
    pub(crate) fn explainable(&self, traffic: &Value) -> Value {
        json!({
            "mesh": self.mesh(),
            "workload": self.workload(),
            "resources": self.policies,
            "traffic": traffic,
        })
    }

    fn mesh(&self) -> Value {
        let aliases = self.mesh.bundle.get(1..).unwrap_or_default();
        let first = self.mesh.bundle.first();
        json!({"rootNamespace": ROOT_NAMESPACE, "trustDomain": first, "trustDomainAliases": aliases})
    }

    fn workload(&self) -> Value {
        json!({"namespace": self.mesh.namespace, "serviceAccount": "orders", "labels": self.mesh.labels})
    }
}
