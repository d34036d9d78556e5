//! What one line tells.

mod details;
mod finish;
mod tell;

use std::net::IpAddr;

use peerwarden_engine::document::Value;
use peerwarden_traffic::Protocol;

use super::refusal::Refusal;

pub(super) use tell::FieldText;

/// An attribute, as far as a line tells it.
#[derive(Debug, Clone, PartialEq)]
pub enum Fact<T> {
    /// The line does not tell.
    Unknown,
    /// It is not there.
    Missing,
    /// The line has a dash, which stands for nothing and for a dash alike.
    Dash,
    /// It is this.
    Is(T),
}

/// Who the peer is, as far as a line tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PeerFact {
    /// The line does not tell.
    Unknown,
    /// There is no verified peer.
    Nobody,
    /// There is no peer, or one whose certificate has no URI SAN.
    NoUri,
    /// The one URI SAN of its certificate.
    Uri(String),
}

/// What became of a request or a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It passed.
    Allowed,
    /// It was denied, by what the line says.
    Denied(String),
}

/// What one line tells.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// `None` where the line does not say whether it is of a request or of a TCP connection.
    pub protocol: Option<Protocol>,
    /// Who the peer is.
    pub peer: PeerFact,
    /// Whether the connection has TLS.
    pub tls: Option<bool>,
    /// The direct peer's address.
    pub source_ip: Option<IpAddr>,
    /// The original client's address.
    pub remote_ip: Option<IpAddr>,
    /// The address that the connection was made to.
    pub destination_ip: Option<IpAddr>,
    /// The port that the connection was made to.
    pub destination_port: Option<u16>,
    /// The server name that the client asked for.
    pub sni: Fact<String>,
    /// The request's method.
    pub method: Fact<Vec<u8>>,
    /// With its query, where the line has one.
    pub path: Fact<Vec<u8>>,
    /// By lower-case names.
    pub headers: Vec<(String, Fact<Vec<u8>>)>,
    /// The payload of a verified token.
    pub jwt: Fact<Value>,
    /// `None` where the line does not say what became of it.
    pub happened: Option<Outcome>,
    /// Why it came to no filter, if it did not.
    pub refused: Option<Refusal>,
    /// Why it did not come to the application, of what was not denied.
    pub unreached: Option<String>,
    /// Whether it came to the choice of an upstream.
    pub(super) reached: bool,
    /// Whether the line has the module's own word.
    decided: bool,
    /// `%RESPONSE_FLAGS%`.
    flags: String,
    /// `%RESPONSE_CODE_DETAILS%`, if there are any.
    details: Option<String>,
    /// `%UPSTREAM_TRANSPORT_FAILURE_REASON%`, if there is one.
    upstream_failure: Option<String>,
    /// Whether the line says which filter chain took it.
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
    /// What is known of a header.
    pub fn header(&self, name: &str) -> &Fact<Vec<u8>> {
        let own = self.headers.iter().find(|(of, _)| of == name);
        own.map_or(&Fact::Unknown, |(_, fact)| fact)
    }
}
