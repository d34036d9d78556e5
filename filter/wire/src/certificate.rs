//! The names in a certificate, and the end of its validity.

use peerwarden_engine::Peer;
use x509_cert::Certificate;
use x509_cert::der::Decode;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

use crate::pem;

/// The contents of a certificate.
#[derive(Debug)]
pub struct Names {
    /// Its URI and DNS SANs.
    pub peer: Peer,
    /// The last second in which it is valid, since 1970.
    pub not_after: u64,
}

/// The SANs of a PEM certificate; `None` if it is not one, has a name that cannot be read, or names several trust
/// domains, as no authority can vouch for all of them.
pub fn read(pem: &[u8]) -> Option<Names> {
    let certificate = Certificate::from_der(&pem::decode(pem)?).ok()?;
    let validity = certificate.tbs_certificate.validity;
    let not_after = validity.not_after.to_unix_duration().as_secs();
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
    (!peer.names_several_trust_domains()).then_some(Names { peer, not_after })
}
