//! A listener: its transport, its protocol, the module, and the upstream.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use serde_json::{Value, json};

use super::{Cluster, Http, Module, Port, ProxyProtocol, Tcp, Transport, socket_address, typed};

/// A listener on a free port of loopback.
#[derive(Debug, Clone)]
pub struct Listener {
    pub(super) name: String,
    port: Option<Port>,
    transport: Transport,
    proxy_protocol: Option<ProxyProtocol>,
    original_destination: bool,
    matches: Value,
    protocol: Protocol,
    module: Option<Module>,
    upstream: SocketAddr,
}

/// The protocol of a listener.
#[derive(Debug, Clone)]
pub enum Protocol {
    /// HTTP/1.1 or HTTP/2.
    Http(Http),
    /// Anything else.
    Tcp(Tcp),
}

// === impl Listener ===

impl Listener {
    /// A listener for HTTP.
    pub fn http(name: &str, transport: Transport, upstream: SocketAddr) -> Self {
        Self::new(name, transport, Protocol::Http(Http::default()), upstream)
    }

    /// A listener for TCP.
    pub fn tcp(name: &str, transport: Transport, upstream: SocketAddr) -> Self {
        Self::new(name, transport, Protocol::Tcp(Tcp::default()), upstream)
    }

    /// A listener for either, with its settings.
    pub fn new(name: &str, transport: Transport, protocol: Protocol, upstream: SocketAddr) -> Self {
        Self {
            name: name.to_owned(),
            port: None,
            transport,
            proxy_protocol: None,
            original_destination: false,
            matches: json!({}),
            protocol,
            module: None,
            upstream,
        }
    }

    /// Adds the module.
    pub fn module(mut self, module: Module) -> Self {
        self.module = Some(module);
        self
    }

    /// Uses a port that is known beforehand, for policies that name it.
    pub fn port(mut self, port: &Port) -> Self {
        self.port = Some(port.clone());
        self
    }

    /// Accepts a PROXY protocol header at the beginning of a connection. It then waits for the client's first bytes as long as a
    /// slow machine may need, so the client must send first.
    pub fn proxy_protocol(mut self, settings: ProxyProtocol) -> Self {
        self.proxy_protocol = Some(settings);
        self
    }

    /// Uses the destination that connections had before a redirect, after the PROXY protocol.
    pub fn original_destination(mut self) -> Self {
        self.original_destination = true;
        self
    }

    /// Accepts only connections that match this, as in Envoy's `filter_chain_match`.
    pub fn matches(mut self, matches: Value) -> Self {
        self.matches = matches;
        self
    }

    /// Sets the protocol and its settings.
    pub fn protocol(mut self, protocol: Protocol) -> Self {
        self.protocol = protocol;
        self
    }

    /// The cluster behind it, of the same name.
    pub(super) fn cluster(&self) -> Cluster {
        Cluster::http1(&self.name, self.upstream)
    }

    pub(super) fn render(&self, access_log: &Path) -> Value {
        let (filter, alpn): (_, &[&str]) = match &self.protocol {
            Protocol::Http(http) => (
                http.render(&self.name, self.module.as_ref(), access_log),
                &["h2", "http/1.1"],
            ),
            Protocol::Tcp(tcp) => (tcp.render(&self.name, self.module.as_ref(), access_log), &[]),
        };
        let port = self.port.as_ref().map_or(0, Port::number);
        let mut listener_filters: Vec<Value> =
            self.proxy_protocol.iter().map(ProxyProtocol::render).collect();
        if self.original_destination {
            let kind = "envoy.extensions.filters.listener.original_dst.v3.OriginalDst";
            listener_filters.push(
                json!({"name": "envoy.filters.listener.original_dst", "typed_config": typed(kind, json!({}))}),
            );
        }
        listener_filters.extend(self.transport.listener_filters());
        let mut chains = self.transport.filter_chains(&filter, alpn);
        for chain in chains.as_array_mut().into_iter().flatten() {
            for (name, value) in self.matches.as_object().into_iter().flatten() {
                chain["filter_chain_match"][name] = value.clone();
            }
        }
        // As in Istio: a silent plaintext client of a server-first protocol is treated as plaintext.
        let timeout = if self.proxy_protocol.is_some() {
            "10s"
        } else {
            "0.5s"
        };
        json!({
            "name": self.name,
            "address": socket_address(SocketAddr::from((Ipv4Addr::LOCALHOST, port))),
            "listener_filters": listener_filters,
            "listener_filters_timeout": timeout,
            "continue_on_listener_filters_timeout": true,
            "filter_chains": chains,
        })
    }
}
