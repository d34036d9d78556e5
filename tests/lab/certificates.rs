//! Certificates issued on the spot: ECDSA P-256, 24 hours, SPIFFE identities in URI SANs.

mod authority;
mod files;

use std::time::Duration;

pub use authority::{Authority, Identity};
pub use files::Files;

/// The contents of a certificate.
#[derive(Debug, Clone, Default)]
pub struct Certificate {
    common_name: Option<String>,
    uri_sans: Vec<String>,
    dns_sans: Vec<String>,
    raw_uri_san: Option<Vec<u8>>,
    expired: bool,
    left: Option<Duration>,
}

// === impl Certificate ===

impl Certificate {
    /// A certificate without names: no subject, no subject alternative name.
    pub fn nameless() -> Self {
        Self::default()
    }

    /// A certificate with a SPIFFE ID, as a mesh issues it to a workload.
    pub fn spiffe(uri: &str) -> Self {
        Self::nameless().uri(uri)
    }

    /// Adds a URI SAN after the others.
    pub fn uri(mut self, uri: &str) -> Self {
        self.uri_sans.push(uri.to_owned());
        self
    }

    /// Adds a DNS SAN after the others.
    pub fn dns(mut self, name: &str) -> Self {
        self.dns_sans.push(name.to_owned());
        self
    }

    /// Sets one URI SAN and no other name, even if the bytes are not text. At most 100 bytes.
    pub fn raw_uri(bytes: &[u8]) -> Self {
        Self {
            raw_uri_san: Some(bytes.to_vec()),
            ..Self::default()
        }
    }

    /// Sets the subject.
    pub fn common_name(mut self, name: &str) -> Self {
        self.common_name = Some(name.to_owned());
        self
    }

    /// Makes its 24 hours end an hour ago.
    pub fn expired(mut self) -> Self {
        self.expired = true;
        self
    }

    /// Makes it expire after this time, to the second.
    pub fn expiring_in(mut self, time: Duration) -> Self {
        self.left = Some(time);
        self
    }
}
