//! The certificate that a probe presents, and the roots with which it verifies the mesh.

use std::path::Path;
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

use crate::Error;

/// A certificate with its key, and roots, read from a folder with Istio's file names.
#[derive(Debug, Clone)]
pub struct Credentials {
    pub(super) key: Arc<CertifiedKey>,
    pub(super) roots: Arc<RootCertStore>,
}

impl Credentials {
    /// Reads `cert-chain.pem`, `key.pem` and `root-cert.pem`, as `peerwarden certs` writes them.
    ///
    /// # Errors
    /// If a file cannot be read or does not contain what it should.
    pub fn read(folder: &Path) -> Result<Self, Error> {
        let wrong = |name: &str, why: String| Error::Unusable {
            path: folder.join(name),
            why,
        };
        let bytes =
            |name: &str| std::fs::read(folder.join(name)).map_err(|error| wrong(name, error.to_string()));
        let certificates = |name: &str| {
            let bytes = bytes(name)?;
            let read: Result<Vec<CertificateDer<'static>>, _> =
                CertificateDer::pem_slice_iter(&bytes).collect();
            match read {
                Ok(read) if !read.is_empty() => Ok(read),
                Ok(_) => Err(wrong(name, "it has no certificate".to_owned())),
                Err(error) => Err(wrong(name, error.to_string())),
            }
        };
        let chain = certificates("cert-chain.pem")?;
        let mut roots = RootCertStore::empty();
        for root in certificates("root-cert.pem")? {
            roots
                .add(root)
                .map_err(|error| wrong("root-cert.pem", error.to_string()))?;
        }
        let key = PrivateKeyDer::from_pem_slice(&bytes("key.pem")?);
        let key = key.map_err(|error| wrong("key.pem", error.to_string()))?;
        let provider = rustls::crypto::ring::default_provider();
        let certified = CertifiedKey::from_der(chain, key, &provider);
        let certified = certified.map_err(|error| wrong("key.pem", error.to_string()))?;
        Ok(Self {
            key: Arc::new(certified),
            roots: Arc::new(roots),
        })
    }
}
