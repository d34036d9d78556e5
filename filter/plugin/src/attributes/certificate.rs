//! The names in a certificate.

use peerwarden_engine::Peer;
use x509_cert::Certificate;
use x509_cert::der::{Decode, DecodePem};
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

/// The SANs of a PEM certificate; `None` when it is not one, or has a name that cannot be read.
pub(super) fn names(pem: &[u8]) -> Option<Peer> {
    let certificate = Certificate::from_pem(pem).ok()?;
    let mut peer = Peer::default();
    for extension in certificate.tbs_certificate.extensions.iter().flatten() {
        if extension.extn_id != x509_cert::der::oid::db::rfc5280::ID_CE_SUBJECT_ALT_NAME {
            continue;
        }
        for name in SubjectAltName::from_der(extension.extn_value.as_bytes()).ok()?.0 {
            match name {
                GeneralName::UniformResourceIdentifier(uri) => peer.uri_sans.push(uri.as_bytes().to_vec()),
                GeneralName::DnsName(name) => peer.dns_sans.push(name.as_bytes().to_vec()),
                GeneralName::OtherName(_)
                | GeneralName::Rfc822Name(_)
                | GeneralName::DirectoryName(_)
                | GeneralName::EdiPartyName(_)
                | GeneralName::IpAddress(_)
                | GeneralName::RegisteredId(_) => {}
            }
        }
    }
    Some(peer)
}
