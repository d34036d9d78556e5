//! The attributes by which traffic is classified.

use std::fmt;

/// One attribute of a request or a connection, in the order in which classes are split: the peer first, then what it requests, then
/// the rest.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Attribute {
    /// How the connection is secured, and the name in the peer's certificate.
    Peer,
    /// The workload's port.
    Port,
    /// The HTTP method.
    Method,
    /// The HTTP path, with its query.
    Path,
    /// The HTTP authority.
    Host,
    /// The lines of a header.
    Header(String),
    /// The server name of the TLS handshake.
    Sni,
    /// The direct peer's address.
    SourceIp,
    /// The original client's address.
    RemoteIp,
    /// The destination address.
    DestinationIp,
    /// A claim of the verified token.
    Claim(Vec<String>),
    /// Dynamic metadata.
    Metadata {
        /// The filter that set it.
        filter: String,
        /// Its key.
        key: String,
    },
    /// The answer of an external authorizer.
    Authorizer(String),
}

impl Attribute {
    /// Whether traffic may have several values of it at once.
    pub(crate) fn has_several(&self) -> bool {
        match self {
            Attribute::Header(_) | Attribute::Claim(_) | Attribute::Metadata { .. } => true,
            Attribute::Peer
            | Attribute::Port
            | Attribute::Method
            | Attribute::Path
            | Attribute::Host
            | Attribute::Sni
            | Attribute::SourceIp
            | Attribute::RemoteIp
            | Attribute::DestinationIp
            | Attribute::Authorizer(_) => false,
        }
    }

    /// Whether only HTTP has it.
    pub fn is_http_only(&self) -> bool {
        match self {
            Attribute::Method
            | Attribute::Path
            | Attribute::Host
            | Attribute::Header(_)
            | Attribute::Claim(_) => true,
            Attribute::Peer
            | Attribute::Port
            | Attribute::Sni
            | Attribute::SourceIp
            | Attribute::RemoteIp
            | Attribute::DestinationIp
            | Attribute::Metadata { .. }
            | Attribute::Authorizer(_) => false,
        }
    }
}

/// The name that policies use for it, if they have one.
impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Attribute::Peer => f.write_str("peer"),
            Attribute::Port => f.write_str("port"),
            Attribute::Method => f.write_str("method"),
            Attribute::Path => f.write_str("path"),
            Attribute::Host => f.write_str("host"),
            Attribute::Header(name) => write!(f, "request.headers[{name}]"),
            Attribute::Sni => f.write_str("connection.sni"),
            Attribute::SourceIp => f.write_str("source.ip"),
            Attribute::RemoteIp => f.write_str("remote.ip"),
            Attribute::DestinationIp => f.write_str("destination.ip"),
            Attribute::Claim(path) => {
                f.write_str("request.auth.claims")?;
                path.iter().try_for_each(|name| write!(f, "[{name}]"))
            }
            Attribute::Metadata { filter, key } => write!(f, "experimental.{filter}[{key}]"),
            Attribute::Authorizer(name) => write!(f, "external authorizer {name}"),
        }
    }
}
