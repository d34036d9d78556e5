//! A certificate with its key, and the files that hold them.

use std::path::Path;
use std::time::{Duration, SystemTime};

use rcgen::{
    CertificateParams, DistinguishedName, ExtendedKeyUsagePurpose, Issuer, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256, SanType,
};
use serde_json::json;

use crate::error::Error;
use crate::workload::Workload;
use crate::{CLOCK_SKEW, SHORTEST, files};

/// A new certificate.
#[derive(Debug)]
pub struct IssuedCertificate {
    certificate: String,
    key: String,
    root: String,
    not_after: SystemTime,
    rotation: SystemTime,
}

impl IssuedCertificate {
    pub(crate) fn by(
        issuer: &Issuer<'_, KeyPair>,
        root: &str,
        root_not_after: SystemTime,
        workload: &Workload,
        lifetime: Duration,
    ) -> Result<Self, Error> {
        if lifetime < SHORTEST {
            return Err(Error::Lifetime(lifetime));
        }
        let now = SystemTime::now();
        let wanted = now.checked_add(lifetime).ok_or(Error::Lifetime(lifetime))?;
        let not_after = wanted.min(root_not_after);
        let mut params = CertificateParams::default();
        // As with Istio: identified only by its SAN.
        params.distinguished_name = DistinguishedName::new();
        params.subject_alt_names = vec![SanType::URI(workload.spiffe_id().as_str().try_into()?)];
        for name in &workload.dns_sans {
            params
                .subject_alt_names
                .push(SanType::DnsName(name.as_str().try_into()?));
        }
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ClientAuth,
            ExtendedKeyUsagePurpose::ServerAuth,
        ];
        params.use_authority_key_identifier_extension = true;
        params.not_before = (now - CLOCK_SKEW).into();
        params.not_after = not_after.into();
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let certificate = params.signed_by(&key, issuer)?;
        let lives = not_after.duration_since(now).unwrap_or_default();
        Ok(Self {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
            root: root.to_owned(),
            not_after,
            rotation: now + lives / 2,
        })
    }

    /// The certificate, in PEM.
    pub fn certificate_pem(&self) -> &str {
        &self.certificate
    }

    /// Its private key, in PEM.
    pub fn key_pem(&self) -> &str {
        &self.key
    }

    /// When it expires.
    pub fn not_after(&self) -> SystemTime {
        self.not_after
    }

    /// When it should be replaced: at half its lifetime.
    pub fn rotation(&self) -> SystemTime {
        self.rotation
    }

    /// Writes `cert-chain.pem`, `key.pem` and `root-cert.pem`, as Istio names them, and `certificate.yaml` and
    /// `validation.yaml`, from which Envoy reads the secrets `default` and `ROOTCA`. `certificate.yaml` contains the
    /// certificate together with its key, so that Envoy, which reads it when it is replaced, never combines an old one
    /// with a new one.
    ///
    /// # Errors
    ///
    /// If a folder or file cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), Error> {
        files::folder(folder)?;
        files::replace(&folder.join("root-cert.pem"), &self.root)?;
        files::replace(&folder.join("key.pem"), &self.key)?;
        files::replace(&folder.join("cert-chain.pem"), &self.certificate)?;
        let roots = json!({"trusted_ca": {"inline_string": self.root}});
        let secret = |name: &str, kind: &str, value: serde_json::Value| {
            json!({
                "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret",
                "name": name,
                kind: value,
            })
        };
        let certificate = json!({
            "certificate_chain": {"inline_string": self.certificate},
            "private_key": {"inline_string": self.key},
        });
        let validation = json!({"resources": [secret("ROOTCA", "validation_context", roots)]});
        let validation_path = folder.join("validation.yaml");
        let text = format!("{LOCAL}{validation:#}\n");
        if files::read(&validation_path)?.as_ref() != Some(&text) {
            files::replace(&validation_path, &text)?;
        }
        let certificate = json!({"resources": [secret("default", "tls_certificate", certificate)]});
        files::replace(
            &folder.join("certificate.yaml"),
            &format!("{LOCAL}{certificate:#}\n"),
        )
    }
}

const LOCAL: &str = "# Written by `peerwarden certs` for local use. Never use this in production.\n";
