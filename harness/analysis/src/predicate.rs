//! What each value of a clause asks of which attribute.

use std::net::IpAddr;

use peerwarden_engine::meaning::{
    Block, Clause, MetadataPattern, PathPattern, PeerPattern, Piece, RequestPrincipalPattern, Set,
    TextPattern,
};

use crate::attribute::Attribute;
use crate::text::{self, Chars, Tokens};

/// What is asked of one value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Asked {
    /// That the text matches.
    Text(Tokens, Counts),
    /// That the address is one of these: the first and the last.
    Range(IpAddr, IpAddr),
    /// That it is this port.
    Port(u16),
}

/// In which form a text counts, of attributes that may be a text or a list of texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Counts {
    /// By itself only.
    Alone,
    /// In a list only.
    InList,
    /// In both.
    Anyhow,
}

/// What a value comes to: true of some traffic.
#[derive(Debug, Clone)]
pub(crate) enum Meaning {
    /// The attribute is as asked; the text is how policies write it.
    Is(Attribute, Asked, String),
    /// Both hold.
    Both(Box<Meaning>, Box<Meaning>),
    /// It holds with TLS, and without.
    Secured(bool, bool),
    /// Nothing is so.
    Never,
}

/// The two halves of a clause.
#[derive(Debug)]
pub(crate) struct Halves {
    /// One of these, when there are any.
    pub(crate) any_of: Vec<Meaning>,
    /// None of these.
    pub(crate) none_of: Vec<Meaning>,
}

fn halves<P>(set: &Set<P>, meaning: impl Fn(&P) -> Meaning) -> Halves {
    Halves {
        any_of: set.any_of.iter().map(&meaning).collect(),
        none_of: set.none_of.iter().map(&meaning).collect(),
    }
}

/// What a clause asks.
pub(crate) fn of(clause: &Clause) -> Halves {
    let texts = |attribute: Attribute, set: &Set<TextPattern>| {
        halves(set, |pattern| {
            of_text(
                attribute.clone(),
                pattern,
                vec![text::text(pattern, Chars::Any)],
                Counts::Anyhow,
            )
        })
    };
    let blocks =
        |attribute: Attribute, set: &Set<Block>| halves(set, |block| of_block(attribute.clone(), block));
    match clause {
        Clause::Peer(set) => halves(set, |pattern| {
            let asked = Asked::Text(text::peer(pattern), Counts::Anyhow);
            Meaning::Is(Attribute::Peer, asked, peer_label(pattern))
        }),
        Clause::SourceIp(set) => blocks(Attribute::SourceIp, set),
        Clause::RemoteIp(set) => blocks(Attribute::RemoteIp, set),
        Clause::DestinationIp(set) => blocks(Attribute::DestinationIp, set),
        Clause::DestinationPort(set) => halves(set, |port| of_port(*port)),
        Clause::Sni(set) => texts(Attribute::Sni, set),
        Clause::Host(set) => halves(set, |pattern| {
            of_text(
                Attribute::Host,
                pattern,
                vec![text::host(pattern)],
                Counts::Anyhow,
            )
        }),
        Clause::Method(set) => texts(Attribute::Method, set),
        Clause::Path(set) => halves(set, |pattern| {
            let asked = Asked::Text(text::path(pattern), Counts::Anyhow);
            Meaning::Is(Attribute::Path, asked, path_label(pattern))
        }),
        Clause::Header(name, set) => match name.as_str() {
            ":method" => texts(Attribute::Method, set),
            ":path" => texts(Attribute::Path, set),
            ":authority" => texts(Attribute::Host, set),
            // What Envoy writes there says how the connection is secured.
            ":scheme" => halves(set, |pattern| {
                let tokens = vec![text::text(pattern, Chars::Any)];
                Meaning::Secured(text::matches(&tokens, "https"), text::matches(&tokens, "http"))
            }),
            name if name.chars().all(|ch| Chars::Token.contain(ch)) => {
                texts(Attribute::Header(name.to_owned()), set)
            }
            // No request has a header of such a name.
            _ => halves(set, |_| Meaning::Never),
        },
        Clause::RequestPrincipal(set) => halves(set, of_request_principal),
        Clause::Claim(path, set) => texts(Attribute::Claim(path.clone()), set),
        Clause::Metadata { filter, key, set } => halves(set, |pattern| of_metadata(filter, key, pattern)),
    }
}

/// Paths that are not established with `paths: strict`.
pub(crate) fn read_otherwise() -> (Asked, String) {
    let asked = Asked::Text(text::read_otherwise(), Counts::Anyhow);
    (
        asked,
        "paths with an escape such as %3a, or a segment of dots".to_owned(),
    )
}

/// The attribute of a clause that may come and not be established.
pub(crate) fn may_be_unestablished(clause: &Clause) -> Option<Attribute> {
    match clause {
        Clause::Peer(_) => Some(Attribute::Peer),
        Clause::Host(_) => Some(Attribute::Host),
        Clause::Header(name, _) if name == ":authority" => Some(Attribute::Host),
        Clause::Sni(_) => Some(Attribute::Sni),
        Clause::Method(_) => Some(Attribute::Method),
        Clause::Header(name, _) if name == ":method" => Some(Attribute::Method),
        Clause::Path(_) => Some(Attribute::Path),
        Clause::Header(name, _) if name == ":path" => Some(Attribute::Path),
        Clause::SourceIp(_)
        | Clause::RemoteIp(_)
        | Clause::DestinationIp(_)
        | Clause::DestinationPort(_)
        | Clause::Header(..)
        | Clause::RequestPrincipal(_)
        | Clause::Claim(..)
        | Clause::Metadata { .. } => None,
    }
}

fn of_text(attribute: Attribute, pattern: &TextPattern, tokens: Tokens, counts: Counts) -> Meaning {
    Meaning::Is(attribute, Asked::Text(tokens, counts), text_label(pattern))
}

fn of_block(attribute: Attribute, block: &Block) -> Meaning {
    let (first, last) = block.range();
    Meaning::Is(attribute, Asked::Range(first, last), range_label(first, last))
}

/// That the connection is to this port.
pub(crate) fn of_port(port: u16) -> Meaning {
    Meaning::Is(Attribute::Port, Asked::Port(port), port.to_string())
}

/// Issuer and subject are texts, and both are there.
fn of_request_principal(pattern: &RequestPrincipalPattern) -> Meaning {
    let half = |name: &str, pattern: &TextPattern| {
        let tokens = vec![text::text(pattern, Chars::Any)];
        of_text(
            Attribute::Claim(vec![name.to_owned()]),
            pattern,
            tokens,
            Counts::Alone,
        )
    };
    Meaning::Both(
        Box::new(half("iss", pattern.issuer())),
        Box::new(half("sub", pattern.subject())),
    )
}

fn of_metadata(filter: &str, key: &str, pattern: &MetadataPattern) -> Meaning {
    let attribute = Attribute::Metadata {
        filter: filter.to_owned(),
        key: key.to_owned(),
    };
    let tokens = vec![text::text(pattern.text(), Chars::Any)];
    let label = text_label(pattern.text());
    if pattern.in_list() {
        Meaning::Is(
            attribute,
            Asked::Text(tokens, Counts::InList),
            format!("[{label}]"),
        )
    } else {
        Meaning::Is(attribute, Asked::Text(tokens, Counts::Alone), label)
    }
}

fn text_label(pattern: &TextPattern) -> String {
    match pattern {
        TextPattern::Exact(exact) => exact.to_string(),
        TextPattern::Prefix(prefix) => format!("{prefix}*"),
        TextPattern::Suffix(suffix) => format!("*{suffix}"),
        TextPattern::NonEmpty | TextPattern::Exists => "*".to_owned(),
    }
}

fn path_label(pattern: &PathPattern) -> String {
    let template = match pattern {
        PathPattern::Text(pattern) => return text_label(pattern),
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

fn peer_label(pattern: &PeerPattern) -> String {
    let id = |uri: &str| uri.strip_prefix("spiffe://").unwrap_or(uri).to_owned();
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
        PeerPattern::TrustDomain(domain) => format!("trust domain {}", text_label(domain)),
    }
}

/// As a CIDR, which each range of a policy is.
fn range_label(first: IpAddr, last: IpAddr) -> String {
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
