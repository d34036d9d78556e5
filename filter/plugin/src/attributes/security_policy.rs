//! The security of a connection.

use peerwarden_engine::{AttributeSource, Lookup};

use super::sources::PeerSource;
use super::{Attributes, Handshake};

/// The security of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SecurityPolicy {
    MutualTls,
    Tls,
    None,
}

impl SecurityPolicy {
    /// The value in access logs and counters.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::MutualTls => "mutual_tls",
            Self::Tls => "tls",
            Self::None => "none",
        }
    }
}

impl Attributes {
    /// The security of the connection with Istio's values (`connection_security_policy`), and `tls` for TLS without a
    /// client certificate; `None` if not known yet.
    pub(crate) fn connection_security_policy(&self) -> Option<SecurityPolicy> {
        if self.sources.peer == PeerSource::Tunnel {
            return match self.tunnelled_peer() {
                Lookup::Found(_) => Some(SecurityPolicy::MutualTls),
                Lookup::Missing => Some(SecurityPolicy::None),
                Lookup::Unavailable => None,
            };
        }
        if self.validity.get().is_some() {
            return Some(SecurityPolicy::MutualTls);
        }
        match (self.flag("connection\0mtls"), self.handshake) {
            (Lookup::Found(true), _) => Some(SecurityPolicy::MutualTls),
            (Lookup::Unavailable, _) => None,
            (Lookup::Found(false) | Lookup::Missing, handshake) => match (self.tls(), handshake) {
                (Lookup::Found(false), _) => Some(SecurityPolicy::None),
                (Lookup::Found(true), Handshake::Over) => Some(SecurityPolicy::Tls),
                (_, _) => None,
            },
        }
    }
}
