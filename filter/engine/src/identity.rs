//! The peer's identity.

use std::fmt;

/// The names in the peer's certificate.
///
/// A rule on the peer's identity is matched against each URI SAN: any may match. Envoy
/// (<https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/rbac/v3/rbac.proto>, `authenticated`) tries DNS SANs and the subject
/// too, which no SPIFFE authority vouches for: here a certificate without a URI SAN has an identity that is not established.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Peer {
    /// URI subject alternative names, in the certificate's order; a mesh peer has one, its SPIFFE ID.
    pub uri_sans: Vec<Vec<u8>>,
    /// DNS subject alternative names.
    pub dns_sans: Vec<Vec<u8>>,
    /// The subject in RFC 2253 form; empty when there is none.
    pub subject: Vec<u8>,
}

impl Peer {
    /// A mesh peer: one URI SAN and nothing else.
    pub fn from_uri(uri: impl Into<Vec<u8>>) -> Self {
        Self {
            uri_sans: vec![uri.into()],
            ..Self::default()
        }
    }

    /// The names that rules on the peer's identity are matched against: the URI SANs.
    pub fn identities(&self) -> impl Iterator<Item = &[u8]> {
        self.uri_sans.iter().map(Vec::as_slice)
    }

    /// Whether the identity is established: there is a URI SAN that is not empty.
    pub fn has_identity(&self) -> bool {
        self.uri_sans.iter().any(|uri| !uri.is_empty())
    }

    /// All names: the URI SANs, the DNS SANs, and the subject where there is no SAN.
    pub fn names(&self) -> impl Iterator<Item = &[u8]> {
        let sans = self.uri_sans.iter().chain(&self.dns_sans).map(Vec::as_slice);
        let without_sans = self.uri_sans.is_empty() && self.dns_sans.is_empty();
        sans.chain(without_sans.then_some(self.subject.as_slice()))
    }

    /// Whether the URI SANs name several SPIFFE trust domains. No authority vouches for more than one: Envoy's SPIFFE validator uses
    /// the roots of the first name's trust domain, and ignores all other names.
    pub fn names_several_trust_domains(&self) -> bool {
        let mut domains = self.uri_sans.iter().filter_map(|uri| {
            let rest = uri.strip_prefix(b"spiffe://")?;
            rest.split(|byte| *byte == b'/').next()
        });
        let first = domains.next();
        domains.any(|domain| Some(domain) != first)
    }

    /// The SPIFFE ID, when the certificate is an X.509-SVID: exactly one URI SAN, which is a SPIFFE ID
    /// (<https://github.com/spiffe/spiffe/blob/main/standards/X509-SVID.md#2-spiffe-id>).
    ///
    /// # Errors
    /// Why it is not one.
    pub fn spiffe_id(&self) -> Result<SpiffeId<'_>, SpiffeIdError> {
        match self.uri_sans.as_slice() {
            [] => Err(SpiffeIdError::NoUriSan),
            [uri] => SpiffeId::parse(uri),
            [_, _, ..] => Err(SpiffeIdError::SeveralUriSans),
        }
    }
}

/// Shows the name that stands for the peer: the first that is not empty.
impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self
            .names()
            .find(|name| !name.is_empty())
            .unwrap_or(b"(certificate without a name)");
        f.write_str(&String::from_utf8_lossy(name))
    }
}

/// The parts of a SPIFFE ID (<https://github.com/spiffe/spiffe/blob/main/standards/SPIFFE-ID.md#2-spiffe-identity>).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpiffeId<'a> {
    /// The trust domain.
    pub trust_domain: TrustDomain<'a>,
    /// The namespace, when the path is Istio's `/ns/NAMESPACE/sa/SERVICE_ACCOUNT`.
    pub namespace: Option<&'a str>,
    /// The service account, likewise.
    pub service_account: Option<&'a str>,
    /// The path with its leading slash; empty when there is none.
    pub path: &'a str,
}

/// A trust domain: lower-case letters, digits, dots, dashes and underscores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TrustDomain<'a>(&'a str);

impl<'a> TrustDomain<'a> {
    /// Its name.
    pub fn as_str(self) -> &'a str {
        self.0
    }
}

/// Why a name is not a SPIFFE ID.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SpiffeIdError {
    /// The certificate has no URI SAN.
    NoUriSan,
    /// The certificate has several URI SANs: an X.509-SVID has exactly one.
    SeveralUriSans,
    /// It does not start with `spiffe://`.
    Scheme,
    /// The trust domain is empty, longer than 255 bytes, or has a character that it must not have.
    TrustDomain,
    /// The path has an empty segment, a dot segment, or a character that it must not have.
    Path,
    /// It is longer than 2048 bytes.
    Length,
}

impl fmt::Display for SpiffeIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoUriSan => "the certificate has no URI SAN",
            Self::SeveralUriSans => "the certificate has several URI SANs; an X.509-SVID has exactly one",
            Self::Scheme => "it does not start with `spiffe://`",
            Self::TrustDomain => "the trust domain is not made of 1 to 255 of `a-z 0-9 . - _`",
            Self::Path => "the path is not made of `/` and non-empty segments of `A-Z a-z 0-9 . - _`",
            Self::Length => "it is longer than 2048 bytes",
        })
    }
}

impl std::error::Error for SpiffeIdError {}

impl<'a> SpiffeId<'a> {
    /// Parses a URI SAN as a SPIFFE ID.
    ///
    /// # Errors
    /// Why it is not one.
    pub fn parse(uri: &'a [u8]) -> Result<Self, SpiffeIdError> {
        if uri.len() > 2048 {
            return Err(SpiffeIdError::Length);
        }
        let rest = uri.strip_prefix(b"spiffe://").ok_or(SpiffeIdError::Scheme)?;
        let end = rest.iter().position(|byte| *byte == b'/').unwrap_or(rest.len());
        let (trust_domain, path) = rest.split_at_checked(end).ok_or(SpiffeIdError::Path)?;
        let in_domain =
            |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-_".contains(byte);
        if trust_domain.is_empty() || trust_domain.len() > 255 || !trust_domain.iter().all(in_domain) {
            return Err(SpiffeIdError::TrustDomain);
        }
        let trust_domain = std::str::from_utf8(trust_domain).map_err(|_| SpiffeIdError::TrustDomain)?;
        let path = std::str::from_utf8(path).map_err(|_| SpiffeIdError::Path)?;
        let in_segment = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
        let good = |segment: &str| !matches!(segment, "" | "." | "..") && segment.bytes().all(in_segment);
        if !path.split('/').skip(1).all(good) {
            return Err(SpiffeIdError::Path);
        }
        let segments: Vec<&str> = path.split('/').skip(1).collect();
        let (namespace, service_account) = match segments.as_slice() {
            ["ns", namespace, "sa", service_account] => (Some(*namespace), Some(*service_account)),
            _ => (None, None),
        };
        Ok(Self {
            trust_domain: TrustDomain(trust_domain),
            namespace,
            service_account,
            path,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn splits_a_mesh_identity() {
        let id = SpiffeId::parse(b"spiffe://cluster.local/ns/web/sa/front.end").unwrap();
        assert_eq!(id.trust_domain.as_str(), "cluster.local");
        assert_eq!(
            (id.namespace, id.service_account),
            (Some("web"), Some("front.end"))
        );
    }

    #[test]
    fn keeps_another_shape_without_guessing() {
        let id = SpiffeId::parse(b"spiffe://prod.example/ns/web/pod/1/sa/x").unwrap();
        assert_eq!((id.namespace, id.service_account), (None, None));
        assert_eq!(SpiffeId::parse(b"spiffe://prod.example").unwrap().path, "");
    }

    #[test]
    fn refuses_what_is_no_spiffe_id() {
        let cases: [(&[u8], SpiffeIdError); 9] = [
            (b"https://cluster.local/ns/web/sa/a", SpiffeIdError::Scheme),
            (b"SPIFFE://cluster.local/ns/web/sa/a", SpiffeIdError::Scheme),
            (b"spiffe:///ns/web/sa/a", SpiffeIdError::TrustDomain),
            (b"spiffe://Cluster.local/ns/web/sa/a", SpiffeIdError::TrustDomain),
            (b"spiffe://a:b@c/ns/web/sa/a", SpiffeIdError::TrustDomain),
            (b"spiffe://td/ns//sa/a", SpiffeIdError::Path),
            (b"spiffe://td/ns/../sa/a", SpiffeIdError::Path),
            (b"spiffe://td/ns/web/sa/a?x", SpiffeIdError::Path),
            (b"spiffe://td/\xff", SpiffeIdError::Path),
        ];
        for (uri, error) in cases {
            assert_eq!(
                SpiffeId::parse(uri),
                Err(error),
                "{}",
                String::from_utf8_lossy(uri)
            );
        }
    }

    #[test]
    fn names_of_two_trust_domains_are_told_from_two_names_of_one() {
        let peer = |uris: &[&str]| Peer {
            uri_sans: uris.iter().map(|uri| uri.as_bytes().to_vec()).collect(),
            ..Peer::default()
        };
        for (uris, several) in [
            (&[][..], false),
            (&["spiffe://td/ns/a/sa/b"], false),
            (&["spiffe://td/ns/a/sa/b", "spiffe://td/ns/c/sa/d"], false),
            (&["https://other/", "spiffe://td/ns/a/sa/b"], false),
            (&["spiffe://td", "spiffe://td/x"], false),
            (&["spiffe://td/ns/a/sa/b", "spiffe://other/ns/a/sa/b"], true),
            (&["spiffe://td/a", "https://x/", "spiffe://td.evil/a"], true),
        ] {
            assert_eq!(peer(uris).names_several_trust_domains(), several, "{uris:?}");
        }
    }

    #[test]
    fn a_certificate_with_two_uri_sans_is_no_svid() {
        let mut peer = Peer::from_uri("spiffe://td/ns/a/sa/b");
        peer.uri_sans.push(b"spiffe://td/ns/c/sa/d".to_vec());
        assert_eq!(peer.spiffe_id(), Err(SpiffeIdError::SeveralUriSans));
        assert_eq!(Peer::default().spiffe_id(), Err(SpiffeIdError::NoUriSan));
    }
}
