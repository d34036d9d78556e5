//! Patterns as policies write them, for people; and what programs may take from them.

use std::fmt;
use std::net::IpAddr;

use peerwarden_engine::SpiffeId;
use peerwarden_engine::meaning::{PathPattern, PeerPattern, Piece, TextPattern};

const SCHEME: &str = "spiffe://";

/// A pattern as a policy writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    text: String,
    trust_domain: Option<String>,
}

impl Label {
    /// The trust domain of the peers that it matches, if it names one in full.
    pub fn trust_domain(&self) -> Option<&str> {
        self.trust_domain.as_deref()
    }

    pub(crate) fn text(pattern: &TextPattern) -> Self {
        text(pattern).into()
    }

    pub(crate) fn path(pattern: &PathPattern) -> Self {
        path(pattern).into()
    }

    pub(crate) fn range(first: IpAddr, last: IpAddr) -> Self {
        range(first, last).into()
    }

    pub(crate) fn peer(pattern: &PeerPattern) -> Self {
        let trust_domain = match pattern {
            PeerPattern::Exact(uri) => trust_domain(uri),
            PeerPattern::Prefix(start) => trust_domain(start),
            PeerPattern::TrustDomain(TextPattern::Exact(domain)) => {
                Some(&**domain).filter(|domain| is_trust_domain(domain))
            }
            PeerPattern::TrustDomain(_)
            | PeerPattern::AnyTrustDomain
            | PeerPattern::Suffix(_)
            | PeerPattern::NonEmpty
            | PeerPattern::Namespace(_)
            | PeerPattern::NamespaceGlob(_)
            | PeerPattern::ServiceAccount { .. } => None,
        };
        Self {
            trust_domain: trust_domain.map(str::to_owned),
            text: peer(pattern),
        }
    }
}

impl From<String> for Label {
    /// A pattern that names no trust domain.
    fn from(text: String) -> Self {
        Self {
            text,
            trust_domain: None,
        }
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The trust domain that a principal names in full, with or without a scheme, and whatever its path: `cluster.local` of
/// `cluster.local/ns/web/*`.
pub fn trust_domain(principal: &str) -> Option<&str> {
    let name = principal.strip_prefix(SCHEME).unwrap_or(principal);
    let (domain, _) = name.split_once('/')?;
    is_trust_domain(domain).then_some(domain)
}

fn is_trust_domain(text: &str) -> bool {
    SpiffeId::parse(format!("{SCHEME}{text}/any").as_bytes()).is_ok()
}

fn text(pattern: &TextPattern) -> String {
    match pattern {
        TextPattern::Exact(exact) => exact.to_string(),
        TextPattern::Prefix(prefix) => format!("{prefix}*"),
        TextPattern::Suffix(suffix) => format!("*{suffix}"),
        TextPattern::NonEmpty | TextPattern::Exists => "*".to_owned(),
    }
}

fn path(pattern: &PathPattern) -> String {
    let template = match pattern {
        PathPattern::Text(pattern) => return text(pattern),
        PathPattern::Template(template) => template,
    };
    let mut label = String::new();
    for piece in template.head() {
        label.push_str(match piece {
            Piece::Literal(text) => text,
            Piece::Segment => "{*}",
        });
    }
    if let Some(tail) = template.tail() {
        label.push_str("{**}");
        label.push_str(tail);
    }
    label
}

fn peer(pattern: &PeerPattern) -> String {
    let id = |uri: &str| uri.strip_prefix(SCHEME).unwrap_or(uri).to_owned();
    let trimmed = |part: &str| {
        let part = part.strip_prefix("/ns/").unwrap_or(part);
        part.strip_suffix('/').unwrap_or(part).to_owned()
    };
    match pattern {
        PeerPattern::Exact(uri) => id(uri),
        PeerPattern::Prefix(start) => format!("{}*", id(start)),
        PeerPattern::Suffix(end) => format!("*{end}"),
        PeerPattern::NonEmpty => "*".to_owned(),
        PeerPattern::Namespace(part) => format!("namespace {}", trimmed(part)),
        PeerPattern::NamespaceGlob(parts) => {
            let parts: Vec<&str> = parts.iter().map(AsRef::as_ref).collect();
            format!("namespace {}", trimmed(&parts.join("*")))
        }
        PeerPattern::ServiceAccount { namespace, name } => {
            let name = name.strip_prefix("sa/").unwrap_or(name);
            format!("service account {}/{name}", trimmed(namespace))
        }
        PeerPattern::AnyTrustDomain => "trust domain *".to_owned(),
        PeerPattern::TrustDomain(domain) => format!("trust domain {}", text(domain)),
    }
}

/// A range as a CIDR, which every range in a policy is.
fn range(first: IpAddr, last: IpAddr) -> String {
    let (host_bits, whole) = match (first, last) {
        (IpAddr::V4(first), IpAddr::V4(last)) => ((last.to_bits() - first.to_bits()).count_ones(), 32),
        (IpAddr::V6(first), IpAddr::V6(last)) => ((last.to_bits() - first.to_bits()).count_ones(), 128),
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => return format!("{first}-{last}"),
    };
    if host_bits == 0 {
        first.to_string()
    } else {
        format!("{first}/{}", whole - host_bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trust_domain_is_known_where_it_is_named_in_full() {
        let named = |pattern| Label::peer(&pattern).trust_domain().map(str::to_owned);
        let own = Some("a.example".to_owned());
        assert_eq!(named(PeerPattern::Exact("spiffe://a.example/ns/x".into())), own);
        assert_eq!(named(PeerPattern::Prefix("spiffe://a.example/ns/".into())), own);
        assert_eq!(
            named(PeerPattern::TrustDomain(TextPattern::Exact("a.example".into()))),
            own
        );
        assert_eq!(named(PeerPattern::Prefix("spiffe://a.exam".into())), None);
        assert_eq!(named(PeerPattern::Suffix("a.example/ns/x".into())), None);
        assert_eq!(
            named(PeerPattern::TrustDomain(TextPattern::Prefix("a.".into()))),
            None
        );
    }

    #[test]
    fn no_text_for_people_is_taken_for_a_trust_domain() {
        assert_eq!(trust_domain("a.example/ns/*"), Some("a.example"));
        assert_eq!(trust_domain("spiffe://a.example/ns/x"), Some("a.example"));
        for text in [
            "plaintext",
            "trust domain a.example",
            "service account a/b",
            "*/ns/x",
            "/ns/x",
        ] {
            assert_eq!(trust_domain(text), None, "{text}");
        }
    }
}
