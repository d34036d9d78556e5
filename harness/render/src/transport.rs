//! The server's side of TLS: its certificate, and how it verifies clients.

use serde::Serialize;

/// The context of a transport socket's template.
#[derive(Debug, Clone, Serialize)]
pub(super) struct ServerTls {
    /// The oldest TLS version, as Envoy names it.
    pub(super) minimum: &'static str,
    pub(super) certificate: Certificate,
    /// The roots for clients' certificates; `None` requests no certificate.
    pub(super) validation: Option<Roots>,
    /// The effect of having no roots, for people.
    pub(super) says: &'static str,
    /// The names of which a client must have one; any, if empty.
    pub(super) names: Vec<SanMatcher>,
    /// Why these names, for people.
    pub(super) names_say: &'static str,
}

/// A certificate with its key.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub(super) enum Certificate {
    /// PEM files.
    Files {
        /// The certificate chain, without the root.
        chain: String,
        /// Its private key.
        key: String,
        /// Absent: the roots do not come from SDS.
        sds: (),
    },
    /// A file that Envoy watches.
    Sds(SdsSecret),
}

/// Roots of trust.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub(super) enum Roots {
    /// A PEM file.
    File {
        /// The certificates.
        roots: String,
        /// Absent: the roots do not come from SDS.
        sds: (),
        /// Absent: any trust domain is accepted.
        domains: (),
    },
    /// A file that Envoy watches.
    Sds {
        #[serde(flatten)]
        secret: SdsSecret,
        /// Absent: any trust domain is accepted.
        domains: (),
    },
    /// Each trust domain has its own roots, and certificates of no other domain are accepted.
    Domains {
        domains: Vec<TrustDomainRoots>,
        /// Absent: the roots do not come from SDS.
        sds: (),
    },
}

/// A trust domain with its roots, which are not trusted for names of another.
#[derive(Debug, Clone, Serialize)]
pub(super) struct TrustDomainRoots {
    pub(super) name: String,
    #[serde(flatten)]
    pub(super) roots: Bundle,
}

/// The roots of a trust domain, as Envoy's `DataSource`.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "source", content = "bundle", rename_all = "snake_case")]
pub(super) enum Bundle {
    /// A PEM file.
    Filename(String),
    /// The PEM itself.
    InlineString(String),
}

/// A secret in a file of a folder
/// (<https://www.envoyproxy.io/docs/envoy/latest/configuration/security/secret>).
#[derive(Debug, Clone, Serialize)]
pub(super) struct SdsSecret {
    /// The folder.
    pub(super) sds: String,
    /// The file.
    pub(super) file: String,
    /// The name of the resource in it.
    pub(super) name: String,
}

/// A subject alternative name that a client must have.
#[derive(Debug, Clone, Serialize)]
pub(super) struct SanMatcher {
    kind: &'static str,
    how: &'static str,
    text: String,
}

impl Certificate {
    pub(super) fn files(chain: String, key: String) -> Self {
        Self::Files { chain, key, sds: () }
    }
}

impl Roots {
    pub(super) fn file(roots: String) -> Self {
        Self::File {
            roots,
            sds: (),
            domains: (),
        }
    }

    pub(super) fn sds(secret: SdsSecret) -> Self {
        Self::Sds { secret, domains: () }
    }

    pub(super) fn domains(domains: Vec<TrustDomainRoots>) -> Self {
        Self::Domains { domains, sds: () }
    }
}

impl SanMatcher {
    /// A URI with this prefix.
    pub(super) fn uri_prefix(text: String) -> Self {
        Self {
            kind: "URI",
            how: "prefix",
            text,
        }
    }

    /// This exact name: a URI if it has a scheme, else a DNS name.
    pub(super) fn exact(text: &str) -> Self {
        Self {
            kind: if text.contains("://") { "URI" } else { "DNS" },
            how: "exact",
            text: text.to_owned(),
        }
    }
}
