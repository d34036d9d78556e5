//! A peer's certificate: PEM, or DER that is wrapped here, depending on the first byte.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use peerwarden_wire::certificate;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::parse_x509_certificate;

pub(super) fn run(bytes: &[u8]) {
    let Some((form, rest)) = bytes.split_first() else {
        return;
    };
    if form % 2 == 0 {
        drop(certificate::read(rest));
        return;
    }
    let pem = format!(
        "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
        BASE64_STANDARD.encode(rest)
    );
    let read = certificate::read(pem.as_bytes());
    // If another parser refuses it, nothing is compared; if both accept it, the names are equal.
    if let (Some(names), Ok((_, other))) = (read, parse_x509_certificate(rest)) {
        let (mut uris, mut hosts) = (Vec::new(), Vec::new());
        for extension in other.extensions() {
            let parsed = extension.parsed_extension();
            if matches!(parsed, ParsedExtension::ParseError { .. }) {
                return;
            }
            let ParsedExtension::SubjectAlternativeName(san) = parsed else {
                continue;
            };
            for name in &san.general_names {
                if let GeneralName::URI(uri) = name {
                    uris.push(uri.as_bytes().to_vec());
                } else if let GeneralName::DNSName(host) = name {
                    hosts.push(host.as_bytes().to_vec());
                }
            }
        }
        assert_eq!((names.peer.uri_sans, names.peer.dns_sans), (uris, hosts), "{pem}");
    }
}
