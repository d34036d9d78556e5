//! Connections and requests, as Envoy knows them.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use serde_json::{Map, Value};

/// Its ID in Envoy.
#[derive(Debug, Clone)]
pub struct Connection {
    /// Envoy's number for it.
    pub id: u64,
    /// The direct peer; after the PROXY protocol, the address in its header.
    pub source: SocketAddr,
    /// The address that the client connected to.
    pub destination: SocketAddr,
    /// TLS that Envoy terminates; `None` for plaintext.
    pub tls: Option<Tls>,
    /// Filter state set by other filters, as the bytes that the property returns.
    pub filter_state: BTreeMap<String, Vec<u8>>,
    /// Dynamic metadata: an object for each filter.
    pub dynamic_metadata: Map<String, Value>,
}

/// Plaintext between two addresses for documentation (RFC 5737).
impl Default for Connection {
    fn default() -> Self {
        Self {
            id: 1,
            source: (Ipv4Addr::new(192, 0, 2, 1), 40_000).into(),
            destination: (Ipv4Addr::new(192, 0, 2, 2), 8_080).into(),
            tls: None,
            filter_state: BTreeMap::new(),
            dynamic_metadata: Map::new(),
        }
    }
}

/// The TLS of a connection.
#[derive(Debug, Clone)]
pub struct Tls {
    /// The server name that the client requested, if Envoy knows it: `None` also without a `tls_inspector`.
    pub sni: Option<String>,
    /// As the attribute reads after the handshake, such as `TLSv1.3`.
    pub version: String,
    /// The client's certificate.
    pub peer: Option<PeerCertificate>,
    /// The first URI SAN of Envoy's own certificate.
    pub local_uri_san: Option<String>,
}

/// TLS 1.3 without a server name and without a client certificate.
impl Default for Tls {
    fn default() -> Self {
        Self {
            sni: None,
            version: "TLSv1.3".to_owned(),
            peer: None,
            local_uri_san: None,
        }
    }
}

/// The names in a client's certificate.
#[derive(Debug, Clone)]
pub struct PeerCertificate {
    /// URI subject alternative names: ASCII.
    pub uri_sans: Vec<String>,
    /// DNS subject alternative names: ASCII.
    pub dns_sans: Vec<String>,
    /// The subject in RFC 2253 form.
    pub subject: String,
    /// Whether Envoy verified it against its trust anchors; a listener may be configured to accept any.
    pub validated: bool,
    /// The last second in which it is valid, since 1970.
    pub not_after: Duration,
}

/// A verified certificate without names, valid to the end of 2048.
impl Default for PeerCertificate {
    fn default() -> Self {
        Self {
            uri_sans: Vec::new(),
            dns_sans: Vec::new(),
            subject: String::new(),
            validated: true,
            not_after: Duration::from_secs(2_493_071_999),
        }
    }
}

/// A header map: one entry for each line, names in lower case.
pub type Headers = Vec<(Vec<u8>, Vec<u8>)>;

/// An HTTP request.
#[derive(Debug, Clone)]
pub struct Request {
    /// Pseudo-headers and headers.
    pub headers: Headers,
    /// The value of the attribute `source.address` when Envoy derived it from a header (port 0 then); `None` for the direct peer.
    pub remote: Option<SocketAddr>,
    /// Whether the request ends with its headers.
    pub end_of_stream: bool,
    /// The value of the attribute `request.protocol`: `HTTP/1.0`, `HTTP/1.1`, `HTTP/2`, `HTTP/3`.
    pub protocol: String,
}

/// A request over HTTP/1.1 without any header, with a body still to come.
impl Default for Request {
    fn default() -> Self {
        Self {
            headers: Headers::new(),
            remote: None,
            end_of_stream: false,
            protocol: "HTTP/1.1".to_owned(),
        }
    }
}

impl Request {
    /// A request without a body, from pairs of texts.
    pub fn new<'h>(headers: impl IntoIterator<Item = (&'h str, &'h str)>) -> Self {
        let headers = headers.into_iter();
        Self {
            headers: headers.map(|(name, value)| (name.into(), value.into())).collect(),
            end_of_stream: true,
            ..Self::default()
        }
    }
}
