//! A certificate with given names, for the attribute `connection.peer_certificate`.
//!
//! It is a well-formed X.509 certificate whose key and signature are made up: Envoy has verified a certificate before a filter sees
//! it.

use std::str::FromStr;
use std::time::Duration;

use x509_cert::der::asn1::{BitString, Ia5String, OctetString, UtcTime};
use x509_cert::der::oid::ObjectIdentifier;
use x509_cert::der::{Encode, EncodePem, pem::LineEnding};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};
use x509_cert::time::{Time, Validity};
use x509_cert::{Certificate, TbsCertificate, Version};

use crate::connection::PeerCertificate;

const SUBJECT_ALT_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.17");
const FIRST_OF_2020: Duration = Duration::from_secs(1_577_836_800);
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// The certificate as PEM; `None` if a certificate cannot hold one of the names.
pub(crate) fn pem(peer: &PeerCertificate) -> Option<String> {
    build(peer).ok()?.to_pem(LineEnding::LF).ok()
}

fn build(peer: &PeerCertificate) -> x509_cert::der::Result<Certificate> {
    let algorithm = AlgorithmIdentifierOwned {
        oid: ED25519,
        parameters: None,
    };
    let mut names = Vec::new();
    for uri in &peer.uri_sans {
        names.push(GeneralName::UniformResourceIdentifier(Ia5String::new(uri)?));
    }
    for dns in &peer.dns_sans {
        names.push(GeneralName::DnsName(Ia5String::new(dns)?));
    }
    let extensions = if names.is_empty() {
        None
    } else {
        Some(vec![Extension {
            extn_id: SUBJECT_ALT_NAME,
            critical: false,
            extn_value: OctetString::new(SubjectAltName(names).to_der()?)?,
        }])
    };
    let time = |since_1970| -> x509_cert::der::Result<Time> {
        Ok(Time::UtcTime(UtcTime::from_unix_duration(since_1970)?))
    };
    Ok(Certificate {
        tbs_certificate: TbsCertificate {
            version: Version::V3,
            serial_number: SerialNumber::new(&[1])?,
            signature: algorithm.clone(),
            issuer: Name::from_str("O=peerwarden-host").unwrap_or_default(),
            validity: Validity {
                not_before: time(FIRST_OF_2020)?,
                not_after: time(peer.not_after)?,
            },
            // The text of the subject reaches a filter through a separate attribute.
            subject: Name::from_str(&peer.subject).unwrap_or_default(),
            subject_public_key_info: SubjectPublicKeyInfoOwned {
                algorithm: algorithm.clone(),
                subject_public_key: BitString::from_bytes(&[0; 32])?,
            },
            issuer_unique_id: None,
            subject_unique_id: None,
            extensions,
        },
        signature_algorithm: algorithm,
        signature: BitString::from_bytes(&[0; 64])?,
    })
}

#[cfg(test)]
mod tests {
    use x509_cert::der::{Decode, DecodePem};

    use super::*;

    #[test]
    fn has_the_names_that_it_was_given() {
        let peer = PeerCertificate {
            uri_sans: vec![
                "spiffe://cluster.local/ns/web/sa/a".into(),
                "https://a.example/".into(),
            ],
            dns_sans: vec!["a.example".into()],
            subject: "CN=a,O=b".into(),
            not_after: Duration::from_secs(1_800_000_000),
            ..PeerCertificate::default()
        };
        let certificate = Certificate::from_pem(pem(&peer).unwrap())
            .unwrap()
            .tbs_certificate;
        assert_eq!(certificate.subject.to_string(), "CN=a,O=b");
        assert_eq!(
            certificate.validity.not_after.to_unix_duration().as_secs(),
            1_800_000_000
        );
        let extension = &certificate.extensions.unwrap()[0];
        let names = SubjectAltName::from_der(extension.extn_value.as_bytes())
            .unwrap()
            .0;
        let uri = |text: &str| GeneralName::UniformResourceIdentifier(Ia5String::new(text).unwrap());
        assert_eq!(names[..2], [uri(&peer.uri_sans[0]), uri(&peer.uri_sans[1])]);
        assert_eq!(
            names[2],
            GeneralName::DnsName(Ia5String::new("a.example").unwrap())
        );
    }

    #[test]
    fn a_name_that_is_not_ascii_makes_no_certificate() {
        let peer = PeerCertificate {
            uri_sans: vec!["spiffe://größe/".into()],
            ..PeerCertificate::default()
        };
        assert_eq!(pem(&peer), None);
        assert!(
            pem(&PeerCertificate::default())
                .unwrap()
                .starts_with("-----BEGIN CERTIFICATE-----\n")
        );
    }
}
