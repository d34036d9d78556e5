//! The names of attributes.

use std::fmt;

/// The name of an attribute, for messages about one that is unknown.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Attribute {
    /// Whether it is a request or a TCP connection.
    Protocol,
    /// The peer's certificate.
    Peer,
    /// Whether the connection came over TLS.
    Tls,
    /// The direct peer's address.
    SourceIp,
    /// The original client's address.
    RemoteIp,
    /// The address connected to.
    DestinationIp,
    /// The port connected to.
    DestinationPort,
    /// The server name of the TLS handshake.
    Sni,
    /// A header or pseudo-header, by its lower-case name.
    Header(String),
    /// The payload of the verified JWT.
    Jwt,
    /// Dynamic metadata.
    Metadata {
        /// The filter that set it.
        filter: String,
        /// Its key.
        key: String,
    },
    /// What the external authorizer of this provider answers.
    Authorizer(String),
}

/// The spelling in suites and in the input of `eval`: `tls.peer`, `http.path`.
impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Protocol => f.write_str("protocol"),
            Self::Peer => f.write_str("tls.peer"),
            Self::Tls => f.write_str("tls"),
            Self::SourceIp => f.write_str("source.ip"),
            Self::RemoteIp => f.write_str("remoteIp"),
            Self::DestinationIp => f.write_str("destination.ip"),
            Self::DestinationPort => f.write_str("destination.port"),
            Self::Sni => f.write_str("tls.sni"),
            Self::Header(name) => match name.as_str() {
                ":method" => f.write_str("http.method"),
                ":path" => f.write_str("http.path"),
                ":authority" => f.write_str("http.host"),
                name => write!(f, "http.headers.{name}"),
            },
            Self::Jwt => f.write_str("jwt"),
            Self::Metadata { filter, key } => write!(f, "dynamicMetadata.{filter}.{key}"),
            Self::Authorizer(provider) => write!(f, "authorizers.{provider}"),
        }
    }
}
