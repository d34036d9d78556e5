//! The TLS server's side of a connection: what it shows, and whom it takes for whom they say they are.

use serde::Serialize;

/// What the template of a transport socket is filled with.
#[derive(Debug, Clone, Serialize)]
pub(super) struct ServerTls {
    /// The oldest version, as Envoy names it.
    pub(super) minimum: &'static str,
    pub(super) certificate: Certificate,
    /// Whom a client's certificate must come from; `None` asks for none.
    pub(super) validation: Option<Roots>,
    /// What it means to have none, for people.
    pub(super) says: &'static str,
    /// The names of which a client must have one; any, if empty.
    pub(super) names: Vec<Name>,
    /// Why these, for people.
    pub(super) names_say: &'static str,
}

/// A certificate with its key.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub(super) enum Certificate {
    /// PEM files.
    Files {
        /// The certificate, and those between it and the root.
        chain: String,
        /// Its private key.
        key: String,
        /// Not by SDS.
        sds: (),
    },
    /// A file that is watched.
    Sds(Secret),
}

/// Roots of trust.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub(super) enum Roots {
    /// A PEM file.
    File {
        /// The certificates.
        roots: String,
        /// Not by SDS.
        sds: (),
        /// Of any trust domain.
        domains: (),
    },
    /// A file that is watched.
    Sds {
        #[serde(flatten)]
        secret: Secret,
        /// Of any trust domain.
        domains: (),
    },
    /// Each trust domain has its own, and certificates of no other are taken.
    Domains {
        domains: Vec<Domain>,
        /// Not by SDS.
        sds: (),
    },
}

/// A trust domain with its roots: those of one are not believed about the names of another.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Domain {
    pub(super) name: String,
    #[serde(flatten)]
    pub(super) roots: Bundle,
}

/// Where the roots of a trust domain are, as Envoy's `DataSource` has it.
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
pub(super) struct Secret {
    /// The folder.
    pub(super) sds: String,
    /// The file.
    pub(super) file: String,
    /// Which of its resources.
    pub(super) name: String,
}

/// A subject alternative name that is asked for.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Name {
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

    pub(super) fn sds(secret: Secret) -> Self {
        Self::Sds { secret, domains: () }
    }

    pub(super) fn domains(domains: Vec<Domain>) -> Self {
        Self::Domains { domains, sds: () }
    }
}

impl Name {
    /// A URI that begins so.
    pub(super) fn uri_prefix(text: String) -> Self {
        Self {
            kind: "URI",
            how: "prefix",
            text,
        }
    }

    /// This very name: a URI where it has a scheme, else a DNS name.
    pub(super) fn exact(text: &str) -> Self {
        Self {
            kind: if text.contains("://") { "URI" } else { "DNS" },
            how: "exact",
            text: text.to_owned(),
        }
    }
}
