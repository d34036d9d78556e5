//! Errors of issuing certificates.

use std::path::{Path, PathBuf};

/// Why no certificate was issued.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or folder cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// The path.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// A file does not contain what it should.
    #[error("{}: {why}", path.display())]
    Unusable {
        /// The path.
        path: PathBuf,
        /// The cause.
        why: String,
    },
    /// The authority cannot be used.
    #[error("the authority in {}: {why}", path.display())]
    Authority {
        /// Its folder.
        path: PathBuf,
        /// The cause.
        why: String,
    },
    /// A name that is not a workload's.
    #[error("`{name}` is not the identity of a workload: {why}")]
    Name {
        /// The name as it was given.
        name: String,
        /// The cause.
        why: String,
    },
    /// The lifetime is too long or too short for a certificate.
    #[error("a certificate cannot be valid for {0:?}")]
    Lifetime(std::time::Duration),
    /// The certificate library failed.
    #[error("the certificate cannot be created: {0}")]
    Making(#[from] rcgen::Error),
}

impl Error {
    /// What to write instead.
    pub fn help(&self) -> Option<&'static str> {
        match self {
            Self::Name { .. } => Some("write `spiffe://cluster.local/ns/NAMESPACE/sa/SERVICE-ACCOUNT`"),
            Self::Lifetime(_) => Some("write from 1s to a century"),
            Self::File { .. } | Self::Unusable { .. } | Self::Authority { .. } | Self::Making(_) => None,
        }
    }

    pub(crate) fn file(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { path, source }
    }
}
