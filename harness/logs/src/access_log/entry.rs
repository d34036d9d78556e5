//! One parsed line.

mod details;
mod finish;
mod tell;

use std::net::IpAddr;

use peerwarden_engine::document::Value;
use peerwarden_traffic::Protocol;

use super::refusal::Refusal;

pub(super) use tell::FieldText;

/// An attribute, as far as the line shows it.
#[derive(Debug, Clone, PartialEq)]
pub enum Fact<T> {
    /// The line does not show it.
    Unknown,
    /// It is absent.
    Missing,
    /// The line has a dash, which may mean absent or an actual dash.
    Dash,
    /// It has this value.
    Is(T),
}

/// The peer, as far as the line shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PeerFact {
    /// The line does not show it.
    Unknown,
    /// There is no verified peer.
    Nobody,
    /// There is no peer, or one whose certificate has no URI SAN.
    NoUri,
    /// The one URI SAN of its certificate.
    Uri(String),
}

/// The outcome of a request or a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It passed.
    Allowed,
    /// It was denied, for this reason in the line.
    Denied(String),
}

/// One parsed line.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// `None` if the line does not show whether it is for a request or for a TCP connection.
    pub protocol: Option<Protocol>,
    /// The peer.
    pub peer: PeerFact,
    /// Whether the connection has TLS.
    pub tls: Option<bool>,
    /// The direct peer's address.
    pub source_ip: Option<IpAddr>,
    /// The original client's address.
    pub remote_ip: Option<IpAddr>,
    /// The destination address of the connection.
    pub destination_ip: Option<IpAddr>,
    /// The destination port of the connection.
    pub destination_port: Option<u16>,
    /// The server name that the client requested.
    pub sni: Fact<String>,
    /// The request's method.
    pub method: Fact<Vec<u8>>,
    /// The path, with its query if the line has one.
    pub path: Fact<Vec<u8>>,
    /// Headers by lower-case names.
    pub headers: Vec<(String, Fact<Vec<u8>>)>,
    /// The payload of a verified token.
    pub jwt: Fact<Value>,
    /// The outcome; `None` if the line does not show it.
    pub happened: Option<Outcome>,
    /// Why no filter saw it, if none did.
    pub refused: Option<Refusal>,
    /// Why it did not reach the application, although it was not denied.
    pub unreached: Option<String>,
    /// Whether an upstream was chosen for it.
    pub(super) reached: bool,
    /// Whether the line contains the module's decision.
    decided: bool,
    /// `%RESPONSE_FLAGS%`.
    flags: String,
    /// `%RESPONSE_CODE_DETAILS%`, if there are any.
    details: Option<String>,
    /// `%UPSTREAM_TRANSPORT_FAILURE_REASON%`, if there is one.
    upstream_failure: Option<String>,
    /// Whether the line shows that a filter chain matched.
    chain: Option<bool>,
}

impl Default for Entry {
    fn default() -> Self {
        Self {
            protocol: None,
            peer: PeerFact::Unknown,
            tls: None,
            source_ip: None,
            remote_ip: None,
            destination_ip: None,
            destination_port: None,
            sni: Fact::Unknown,
            method: Fact::Unknown,
            path: Fact::Unknown,
            headers: Vec::new(),
            jwt: Fact::Unknown,
            happened: None,
            refused: None,
            unreached: None,
            reached: false,
            decided: false,
            flags: String::new(),
            details: None,
            upstream_failure: None,
            chain: None,
        }
    }
}

impl Entry {
    /// The value of a header.
    pub fn header(&self, name: &str) -> &Fact<Vec<u8>> {
        let own = self.headers.iter().find(|(of, _)| of == name);
        own.map_or(&Fact::Unknown, |(_, fact)| fact)
    }
}
