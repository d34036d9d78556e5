//! The certificate that a port presents.

use std::time::{Duration, SystemTime};

use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};

/// The names in a server's certificate, and whether it is valid.
#[derive(Debug, Clone)]
pub struct ServerCertificate {
    /// The SPIFFE ID; `None` if it has none or several.
    pub spiffe_id: Option<String>,
    /// Other names: DNS names, or the subject if there is no other name.
    pub names: Vec<String>,
    /// When it expires.
    pub not_after: SystemTime,
    /// Whether the roots of the credentials verify it; `None` without credentials.
    pub verified: Option<Result<(), String>>,
    /// The TLS version, such as `TLS 1.3`, once the handshake has agreed on it.
    pub tls_version: Option<String>,
    /// The protocol agreed on by ALPN.
    pub alpn: Option<String>,
}

impl ServerCertificate {
    /// Parses a certificate; `None` if the bytes are not one.
    pub(super) fn read(der: &[u8]) -> Option<Self> {
        let (_, certificate) = X509Certificate::from_der(der).ok()?;
        let names = certificate.subject_alternative_name().ok().flatten();
        let (mut spiffe, mut others) = (Vec::new(), Vec::new());
        for name in names.iter().flat_map(|names| &names.value.general_names) {
            if let GeneralName::URI(uri) = name
                && uri.starts_with("spiffe://")
            {
                spiffe.push((*uri).to_owned());
            } else if let GeneralName::DNSName(name) = name {
                others.push((*name).to_owned());
            }
        }
        if spiffe.is_empty() && others.is_empty() {
            others.push(certificate.subject().to_string());
        }
        let seconds = u64::try_from(certificate.validity().not_after.timestamp()).unwrap_or(0);
        Some(Self {
            spiffe_id: spiffe.pop().filter(|_| spiffe.is_empty()),
            names: others,
            not_after: SystemTime::UNIX_EPOCH + Duration::from_secs(seconds),
            verified: None,
            tls_version: None,
            alpn: None,
        })
    }

    /// How long it remains valid; `None` once it has expired.
    pub fn left(&self) -> Option<Duration> {
        self.not_after.duration_since(SystemTime::now()).ok()
    }
}
