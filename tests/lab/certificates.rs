//! Certificates issued on the spot: ECDSA P-256, 24 hours, SPIFFE identities in URI SANs.

mod authority;
mod files;

use std::time::Duration;

pub use authority::{Authority, Identity};
pub use files::Files;

/// What a certificate is to say.
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
    /// One that names nobody: no subject, no subject alternative name.
    pub fn nameless() -> Self {
        Self::default()
    }

    /// One with a SPIFFE identity, as a mesh issues to a workload.
    pub fn spiffe(uri: &str) -> Self {
        Self::nameless().uri(uri)
    }

    /// Adds a URI SAN, after those it has.
    pub fn uri(mut self, uri: &str) -> Self {
        self.uri_sans.push(uri.to_owned());
        self
    }

    /// Adds a DNS SAN, after those it has.
    pub fn dns(mut self, name: &str) -> Self {
        self.dns_sans.push(name.to_owned());
        self
    }

    /// Has this one URI SAN and no other name, though it be no text. At most 100 bytes.
    pub fn raw_uri(bytes: &[u8]) -> Self {
        Self {
            raw_uri_san: Some(bytes.to_vec()),
            ..Self::default()
        }
    }

    /// Names the subject.
    pub fn common_name(mut self, name: &str) -> Self {
        self.common_name = Some(name.to_owned());
        self
    }

    /// Its 24 hours were over an hour ago.
    pub fn expired(mut self) -> Self {
        self.expired = true;
        self
    }

    /// It expires after this long, to the second.
    pub fn expiring_in(mut self, time: Duration) -> Self {
        self.left = Some(time);
        self
    }
}
