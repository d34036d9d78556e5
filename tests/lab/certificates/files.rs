//! Certificates and keys in files for Envoy, in a directory that is removed with its last owner.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use tempfile::TempDir;

use super::{Authority, Identity};

/// A certificate, its key and the trusted roots, on disk.
#[derive(Debug, Clone)]
pub struct Files {
    directory: Arc<TempDir>,
}

// === impl Files ===

impl Files {
    /// Writes an identity and the roots that it trusts; only this user can read them.
    pub fn write(identity: &Identity, trusted: &[&Authority]) -> Result<Self> {
        let directory = tempfile::Builder::new().prefix("peerwarden-tls-").tempdir()?;
        let files = Self {
            directory: Arc::new(directory),
        };
        private(&files.certificate(), &identity.certificate_pem())?;
        private(&files.key(), &identity.key_pem())?;
        let roots: String = trusted.iter().map(|authority| authority.pem()).collect();
        private(&files.roots(), &roots)?;
        Ok(files)
    }

    /// The certificate.
    pub fn certificate(&self) -> PathBuf {
        self.directory.path().join("certificate.pem")
    }

    /// Its private key.
    pub fn key(&self) -> PathBuf {
        self.directory.path().join("key.pem")
    }

    /// The trusted roots.
    pub fn roots(&self) -> PathBuf {
        self.directory.path().join("roots.pem")
    }
}

fn private(path: &Path, text: &str) -> Result<()> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .with_context(|| format!("writing {}", path.display()))
}
