//! The server that keys are fetched from, as a cluster.

use std::net::IpAddr;

use peerwarden_engine::resource::{KeySource, KeyUrl};
use serde_json::json;

use crate::description::{Endpoint, is_name};

/// A server of keys.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct KeyServer {
    is_tls: bool,
    endpoint: Endpoint,
}

impl KeyServer {
    /// The server of a rule's keys, if they are fetched.
    pub(super) fn of(keys: &KeySource) -> Option<Self> {
        let KeySource::Fetched(url) = keys else {
            return None;
        };
        Some(Self {
            is_tls: url.is_tls,
            endpoint: Endpoint {
                by_name: url.host.parse::<IpAddr>().is_err(),
                host: url.host.clone(),
                port: url.port,
            },
        })
    }

    /// Whether its host is a name or an address, as Envoy reads them.
    pub(super) fn is_reachable(&self) -> bool {
        !self.endpoint.by_name || is_name(&self.endpoint.host)
    }

    /// The cluster's name.
    pub(super) fn name(&self) -> String {
        let scheme = if self.is_tls { "https" } else { "http" };
        format!("jwks|{scheme}|{}|{}", self.endpoint.port, self.endpoint.host)
    }

    /// The context of its template. Its certificate must be for the host of the URL, and issued by one of the roots in this file.
    pub(super) fn context(&self, roots: &str) -> serde_json::Value {
        let san = if self.endpoint.by_name {
            "DNS"
        } else {
            "IP_ADDRESS"
        };
        let transport = if self.is_tls { "over TLS" } else { "in plaintext" };
        json!({
            "name": self.name(),
            "origin": format!("{} {transport}.", self.endpoint),
            "endpoint": self.endpoint,
            "san": self.is_tls.then_some(san),
            "roots": roots,
        })
    }
}

/// A URL in the form in which Envoy finds its host: with a path, and without a fragment.
pub(super) fn uri(url: &KeyUrl) -> String {
    let (scheme, usual) = if url.is_tls { ("https", 443) } else { ("http", 80) };
    let host = if url.host.contains(':') {
        format!("[{}]", url.host)
    } else {
        url.host.clone()
    };
    let port = if url.port == usual {
        String::new()
    } else {
        format!(":{}", url.port)
    };
    format!("{scheme}://{host}{port}{}", url.path)
}
