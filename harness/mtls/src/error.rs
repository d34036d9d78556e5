//! What can go wrong, and what to do instead.

use std::path::{Path, PathBuf};

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or folder.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file does not hold what it should.
    #[error("{}: {why}", path.display())]
    Unusable {
        /// Which.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// An authority that is there cannot be used.
    #[error("the authority in {}: {why}", path.display())]
    Authority {
        /// Its folder.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// A name that is not a workload's.
    #[error("`{name}` is not an identity of a workload: {why}")]
    Name {
        /// As it was given.
        name: String,
        /// Why.
        why: String,
    },
    /// No certificate lives so long, or so short.
    #[error("a certificate cannot live for {0:?}: a second is the least, a century the most")]
    Lifetime(std::time::Duration),
    /// What makes certificates refused to.
    #[error("making a certificate: {0}")]
    Making(#[from] rcgen::Error),
}

impl Error {
    pub(crate) fn file(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { path, source }
    }
}
