//! The client's side of a probe's handshake: accepts any certificate in order to inspect it, and records what it sees.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ResolvesClientCert, WebPkiServerVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::{
    CertificateError, ClientConfig, ClientConnection, DigitallySignedStruct, Error as TlsError,
    ProtocolVersion, RootCertStore, SignatureScheme,
};

use super::credentials::Credentials;
use super::server_certificate::ServerCertificate;

/// The protocols with which Istio marks its mutual TLS, so that a port with its own TLS can distinguish it, and a plain
/// name for servers that insist on a known one.
const OF_THE_MESH: [&str; 3] = ["istio-http/1.1", "istio", "http/1.1"];
const PLAIN: [&str; 1] = ["http/1.1"];

/// What the handshake showed.
#[derive(Debug, Default)]
pub(super) struct HandshakeRecord {
    asked: AtomicBool,
    presented: Mutex<Option<ServerCertificate>>,
}

impl HandshakeRecord {
    pub(super) fn asked_for_certificate(&self) -> bool {
        self.asked.load(Ordering::SeqCst)
    }

    /// The certificate that the port presented, with the agreed TLS version and protocol.
    pub(super) fn presented(&self, connection: Option<&ClientConnection>) -> Option<ServerCertificate> {
        let mut presented = self
            .presented
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()?;
        if let Some(connection) = connection {
            presented.tls_version = connection.protocol_version().map(|version| {
                if version == ProtocolVersion::TLSv1_3 {
                    "TLS 1.3".to_owned()
                } else if version == ProtocolVersion::TLSv1_2 {
                    "TLS 1.2".to_owned()
                } else {
                    format!("{version:?}")
                }
            });
            let alpn = connection.alpn_protocol();
            presented.alpn = alpn.map(|name| String::from_utf8_lossy(name).into_owned());
        }
        Some(presented)
    }
}

/// The TLS configuration of a client with or without a certificate.
///
/// # Errors
/// If the TLS versions are not available, which is a bug here.
pub(super) fn config(
    credentials: Option<&Credentials>,
    seen: &Arc<HandshakeRecord>,
) -> Result<ClientConfig, TlsError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = RecordingVerifier {
        provider: Arc::clone(&provider),
        roots: credentials.map(|credentials| Arc::clone(&credentials.roots)),
        seen: Arc::clone(seen),
    };
    let shows = RecordingCertResolver {
        key: credentials.map(|credentials| Arc::clone(&credentials.key)),
        seen: Arc::clone(seen),
    };
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_client_cert_resolver(Arc::new(shows));
    let protocols: &[&str] = if credentials.is_some() {
        &OF_THE_MESH
    } else {
        &PLAIN
    };
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    // Each attempt starts without a session.
    config.resumption = rustls::client::Resumption::disabled();
    Ok(config)
}

/// Presents the client certificate, and records that the server requested one.
#[derive(Debug)]
struct RecordingCertResolver {
    key: Option<Arc<CertifiedKey>>,
    seen: Arc<HandshakeRecord>,
}

impl ResolvesClientCert for RecordingCertResolver {
    fn resolve(&self, _roots: &[&[u8]], _schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.seen.asked.store(true, Ordering::SeqCst);
        self.key.clone()
    }

    /// Must be true: otherwise rustls would not ask.
    fn has_certs(&self) -> bool {
        true
    }
}

/// Accepts any certificate, and records whether the roots verify it.
#[derive(Debug)]
struct RecordingVerifier {
    provider: Arc<CryptoProvider>,
    roots: Option<Arc<RootCertStore>>,
    seen: Arc<HandshakeRecord>,
}

impl RecordingVerifier {
    /// Verifies a certificate, ignoring the host name: a mesh's certificate names no host, only a SPIFFE ID.
    fn verify(
        &self,
        end: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Option<Result<(), String>> {
        let roots = self.roots.as_ref()?;
        let verifier =
            WebPkiServerVerifier::builder_with_provider(Arc::clone(roots), Arc::clone(&self.provider))
                .build();
        Some(match verifier {
            Err(error) => Err(error.to_string()),
            Ok(verifier) => match verifier.verify_server_cert(end, between, name, ocsp, now) {
                Ok(_)
                | Err(TlsError::InvalidCertificate(
                    CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
                )) => Ok(()),
                Err(TlsError::InvalidCertificate(
                    CertificateError::Expired | CertificateError::ExpiredContext { .. },
                )) => Err("it has expired".to_owned()),
                Err(TlsError::InvalidCertificate(CertificateError::UnknownIssuer)) => {
                    Err("its issuer is not among the roots".to_owned())
                }
                Err(error) => Err(error.to_string()),
            },
        })
    }
}

impl ServerCertVerifier for RecordingVerifier {
    fn verify_server_cert(
        &self,
        end: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        if let Some(mut presented) = ServerCertificate::read(end) {
            presented.verified = self.verify(end, between, name, ocsp, now);
            *self.seen.presented.lock().unwrap_or_else(PoisonError::into_inner) = Some(presented);
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}
