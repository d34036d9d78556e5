//! A certificate authority that lives in memory for one test.

use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, CustomExtension, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, SanType,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use super::Certificate;

/// The lifetime of a workload's certificate, as in Istio: a day.
const LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// The extension of the same name (RFC 5280, 4.2.1.6).
const SUBJECT_ALT_NAME: &[u64] = &[2, 5, 29, 17];

/// Allows for clocks that differ a little.
const MARGIN: Duration = Duration::from_secs(60);

/// The root certificate authority of a mesh.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// A certificate and its private key.
#[derive(Debug)]
pub struct Identity {
    certificate: rcgen::Certificate,
    key: KeyPair,
}

// === impl Authority ===

impl Authority {
    /// A new root, whose name is visible in the certificates that it issues.
    pub fn new(name: &str) -> Result<Self> {
        let mut params = params(&Certificate::nameless().common_name(name))?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.extended_key_usages = Vec::new();
        let issuer = CertifiedIssuer::self_signed(params, key()?).context("signing the root")?;
        Ok(Self { issuer })
    }

    /// Issues a certificate for clients and servers alike, with a key of its own.
    pub fn issue(&self, wanted: Certificate) -> Result<Identity> {
        let key = key()?;
        let certificate = params(&wanted)?
            .signed_by(&key, &self.issuer)
            .with_context(|| format!("issuing {wanted:?}"))?;
        Ok(Identity { certificate, key })
    }

    /// The root's certificate, in PEM.
    pub fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// The root's certificate.
    pub fn der(&self) -> CertificateDer<'static> {
        self.issuer.der().clone()
    }
}

// === impl Identity ===

impl Identity {
    /// The certificate, in PEM.
    pub fn certificate_pem(&self) -> String {
        self.certificate.pem()
    }

    /// The private key, in PEM.
    pub fn key_pem(&self) -> String {
        self.key.serialize_pem()
    }

    /// The certificate.
    pub fn certificate_der(&self) -> CertificateDer<'static> {
        self.certificate.der().clone()
    }

    /// The private key.
    pub fn key_der(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.key.serialize_der()))
    }
}

fn key() -> Result<KeyPair> {
    KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).context("generating a key")
}

fn params(wanted: &Certificate) -> Result<CertificateParams> {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    if let Some(name) = &wanted.common_name {
        params.distinguished_name.push(DnType::CommonName, name.as_str());
    }
    for uri in &wanted.uri_sans {
        let uri = uri
            .as_str()
            .try_into()
            .with_context(|| format!("`{uri}` as a URI SAN"))?;
        params.subject_alt_names.push(SanType::URI(uri));
    }
    for name in &wanted.dns_sans {
        let name = name
            .as_str()
            .try_into()
            .with_context(|| format!("`{name}` as a DNS SAN"))?;
        params.subject_alt_names.push(SanType::DnsName(name));
    }
    if !wanted.dns_sans.is_empty() {
        params
            .subject_alt_names
            .push(SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)));
    }
    if let Some(uri) = &wanted.raw_uri_san {
        let extension = CustomExtension::from_oid_content(SUBJECT_ALT_NAME, raw_uri_san(uri)?);
        params.custom_extensions.push(extension);
    }
    let now = SystemTime::now();
    let from = if wanted.expired {
        now - LIFETIME - Duration::from_secs(60 * 60)
    } else {
        now - MARGIN
    };
    params.not_before = from.into();
    params.not_after = wanted.left.map_or(from + LIFETIME, |left| now + left).into();
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![
        ExtendedKeyUsagePurpose::ClientAuth,
        ExtendedKeyUsagePurpose::ServerAuth,
    ];
    Ok(params)
}

/// A `SubjectAltName` in DER with one `uniformResourceIdentifier`, whatever its bytes.
fn raw_uri_san(uri: &[u8]) -> Result<Vec<u8>> {
    const SEQUENCE: u8 = 0x30;
    const URI: u8 = 0x86;
    let length = u8::try_from(uri.len()).context("a name this long")?;
    // Lengths below 128 are one byte each.
    anyhow::ensure!(length <= 100, "a name of {length} bytes");
    let head = [SEQUENCE, length.saturating_add(2), URI, length];
    Ok([&head, uri].concat())
}
