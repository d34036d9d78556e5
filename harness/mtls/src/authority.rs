//! A certificate authority: the root of a trust domain.

use std::path::Path;
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, SanType,
};
use x509_parser::extensions::GeneralName;
use x509_parser::pem::parse_x509_pem;
use x509_parser::prelude::X509Certificate;

use crate::error::Error;
use crate::issued_certificate::IssuedCertificate;
use crate::workload::Workload;
use crate::{CLOCK_SKEW, SHORTEST, files};

/// The names of its files in its folder.
const CERTIFICATE: &str = "root-cert.pem";
const KEY: &str = "root-key.pem";

/// A certificate authority that issues certificates to the workloads of one trust domain.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    trust_domain: String,
    pem: String,
    not_after: SystemTime,
}

impl Authority {
    /// Creates an authority with this lifetime, and stores it in a folder, including its key.
    ///
    /// # Errors
    /// If the trust domain is not a valid name, or the folder cannot be written.
    pub fn make(folder: &Path, trust_domain: &str, lifetime: Duration) -> Result<Self, Error> {
        // As strict as for a workload's name.
        Workload::new(trust_domain, "any", "any")?;
        if lifetime < SHORTEST {
            return Err(Error::Lifetime(lifetime));
        }
        let now = SystemTime::now();
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params
            .distinguished_name
            .push(DnType::OrganizationName, "peerwarden, for local use");
        params.distinguished_name.push(DnType::CommonName, trust_domain);
        params.subject_alt_names = vec![SanType::URI(
            format!("spiffe://{trust_domain}").as_str().try_into()?,
        )];
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.extended_key_usages = Vec::<ExtendedKeyUsagePurpose>::new();
        params.not_before = (now - CLOCK_SKEW).into();
        params.not_after = now.checked_add(lifetime).ok_or(Error::Lifetime(lifetime))?.into();
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let certificate = params.self_signed(&key)?;
        files::folder(folder)?;
        files::replace(&folder.join(KEY), &key.serialize_pem())?;
        files::replace(&folder.join(CERTIFICATE), &certificate.pem())?;
        Self::read(folder)?.ok_or_else(|| wrong(folder, "it has been removed again"))
    }

    /// Reads the authority from a folder; `None` if there is none.
    ///
    /// # Errors
    ///
    /// If it cannot be used: a file is missing or unreadable, the key belongs to another certificate, or the
    /// certificate has expired.
    pub fn read(folder: &Path) -> Result<Option<Self>, Error> {
        let (pem, key) = match (
            files::read(&folder.join(CERTIFICATE))?,
            files::read(&folder.join(KEY))?,
        ) {
            (None, None) => return Ok(None),
            (Some(pem), Some(key)) => (pem, key),
            (None, Some(_)) => {
                return Err(wrong(folder, &format!("it has `{KEY}`, but not `{CERTIFICATE}`")));
            }
            (Some(_), None) => {
                return Err(wrong(folder, &format!("it has `{CERTIFICATE}`, but not `{KEY}`")));
            }
        };
        let key = KeyPair::from_pem(&key).map_err(|error| wrong(folder, &format!("`{KEY}`: {error}")))?;
        let unreadable = || wrong(folder, &format!("`{CERTIFICATE}` is not a certificate"));
        let (_, parsed) = parse_x509_pem(pem.as_bytes()).map_err(|_| unreadable())?;
        let certificate = parsed.parse_x509().map_err(|_| unreadable())?;
        if certificate.public_key().raw != rcgen::PublicKeyData::subject_public_key_info(&key) {
            return Err(wrong(
                folder,
                &format!("`{KEY}` is not the key of `{CERTIFICATE}`"),
            ));
        }
        if !certificate.is_ca() {
            return Err(wrong(
                folder,
                &format!("`{CERTIFICATE}` is not the certificate of an authority"),
            ));
        }
        let trust_domain = trust_domain(&certificate).ok_or_else(|| {
            wrong(
                folder,
                &format!("`{CERTIFICATE}` names no trust domain in a URI SAN"),
            )
        })?;
        let seconds = u64::try_from(certificate.validity().not_after.timestamp()).unwrap_or(0);
        let not_after = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        if not_after <= SystemTime::now() {
            return Err(wrong(
                folder,
                "it has expired; remove the folder to have a new one created",
            ));
        }
        Ok(Some(Self {
            issuer: Issuer::from_ca_cert_pem(&pem, key)?,
            trust_domain,
            pem,
            not_after,
        }))
    }

    /// The trust domain of the workloads that it issues certificates to.
    pub fn trust_domain(&self) -> &str {
        &self.trust_domain
    }

    /// Its certificate, in PEM.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// When it expires.
    pub fn not_after(&self) -> SystemTime {
        self.not_after
    }

    /// Issues a certificate with this lifetime, but valid no longer than the authority itself.
    ///
    /// # Errors
    /// If the workload belongs to another trust domain.
    pub fn issue(&self, workload: &Workload, lifetime: Duration) -> Result<IssuedCertificate, Error> {
        if workload.trust_domain() != self.trust_domain {
            return Err(Error::Name {
                name: workload.spiffe_id(),
                why: format!("the authority is for the trust domain `{}`", self.trust_domain),
            });
        }
        IssuedCertificate::by(&self.issuer, &self.pem, self.not_after, workload, lifetime)
    }
}

fn trust_domain(certificate: &X509Certificate<'_>) -> Option<String> {
    let names = certificate.subject_alternative_name().ok().flatten()?;
    names.value.general_names.iter().find_map(|name| {
        let GeneralName::URI(uri) = name else { return None };
        uri.strip_prefix("spiffe://").map(str::to_owned)
    })
}

fn wrong(folder: &Path, why: &str) -> Error {
    Error::Authority {
        path: folder.to_owned(),
        why: why.to_owned(),
    }
}
