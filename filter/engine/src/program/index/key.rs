//! What a clause asks for, as something to be found by.

use std::borrow::Cow;

use crate::pattern::{Block, PathPattern, PeerPattern, RequestPrincipalPattern, TextPattern};
use crate::policy::{ClaimPath, Clause, Set};

/// The attribute that is looked at; the order is that of what it costs to have.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Place {
    Peer,
    DestinationPort,
    Path,
    Method,
    Host,
    Sni,
    SourceIp,
    RemoteIp,
    DestinationIp,
    Header(String),
    Issuer,
    Subject,
    Claim(ClaimPath),
}

/// How a text is found in the attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum How {
    /// It is all of it.
    Exact,
    Prefix,
    Suffix,
    /// It stands between `/ns/` and the next slash.
    Namespace,
    /// `NAMESPACE/NAME`: what stands after `/ns/` and `/sa/`.
    ServiceAccount,
    /// It stands between `spiffe://` and the next slash.
    TrustDomain,
    /// As [`Block::key`] writes it.
    Block,
    /// Nothing narrows it: any value will do, or finding it would cost more than trying.
    Any,
}

/// One value that a clause asks for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key<'r> {
    pub(super) place: Place,
    pub(super) how: How,
    pub(super) text: Cow<'r, [u8]>,
}

impl<'r> Key<'r> {
    fn new(place: &Place, how: How, text: impl Into<Cow<'r, [u8]>>) -> Self {
        Self {
            place: place.clone(),
            how,
            text: text.into(),
        }
    }
}

/// All that the clause asks for, of which the attribute must have one; `None` when it asks for nothing that can be found.
pub(super) fn keys(clause: &Clause) -> Option<Vec<Key<'_>>> {
    match clause {
        Clause::Peer(set) => each(set, peer),
        Clause::SourceIp(set) => each(set, |of| block(&Place::SourceIp, of)),
        Clause::RemoteIp(set) => each(set, |of| block(&Place::RemoteIp, of)),
        Clause::DestinationIp(set) => each(set, |of| block(&Place::DestinationIp, of)),
        Clause::DestinationPort(set) => each(set, |port| {
            Key::new(&Place::DestinationPort, How::Exact, port.to_be_bytes().to_vec())
        }),
        Clause::Sni(set) => each(set, |of| text(&Place::Sni, of)),
        Clause::Host(set) => each(set, |of| {
            let mut key = text(&Place::Host, of);
            key.text.to_mut().make_ascii_lowercase();
            key
        }),
        Clause::Method(set) => each(set, |of| text(&Place::Method, of)),
        Clause::Path(set) => each(set, path),
        Clause::Header(name, set) => {
            let place = Place::Header(name.clone());
            each(set, |of| text(&place, of))
        }
        Clause::RequestPrincipal(set) => each(set, request_principal),
        Clause::Claim(path, set) => {
            let place = Place::Claim(path.clone());
            each(set, |of| text(&place, of))
        }
        Clause::Metadata { .. } => None,
    }
}

fn each<'r, P>(set: &'r Set<P>, key: impl Fn(&'r P) -> Key<'r>) -> Option<Vec<Key<'r>>> {
    (!set.any_of.is_empty()).then(|| set.any_of.iter().map(key).collect())
}

fn text<'r>(place: &Place, pattern: &'r TextPattern) -> Key<'r> {
    match pattern {
        TextPattern::Exact(text) => Key::new(place, How::Exact, text.as_bytes()),
        TextPattern::Prefix(text) => Key::new(place, How::Prefix, text.as_bytes()),
        TextPattern::Suffix(text) => Key::new(place, How::Suffix, text.as_bytes()),
        TextPattern::NonEmpty | TextPattern::Exists => any(place),
    }
}

fn any<'r>(place: &Place) -> Key<'r> {
    Key::new(place, How::Any, &[][..])
}

fn path(pattern: &PathPattern) -> Key<'_> {
    match pattern {
        PathPattern::Text(pattern) => text(&Place::Path, pattern),
        PathPattern::Template(template) => match template.ends() {
            (start, Some(end)) if end.len() > start.len() => {
                Key::new(&Place::Path, How::Suffix, end.as_bytes())
            }
            (start, _) => Key::new(&Place::Path, How::Prefix, start.as_bytes()),
        },
    }
}

/// The half that says more.
fn request_principal(pattern: &RequestPrincipalPattern) -> Key<'_> {
    match pattern.subject() {
        TextPattern::NonEmpty | TextPattern::Exists => text(&Place::Issuer, pattern.issuer()),
        subject @ (TextPattern::Exact(_) | TextPattern::Prefix(_) | TextPattern::Suffix(_)) => {
            text(&Place::Subject, subject)
        }
    }
}

fn block<'r>(place: &Place, block: &Block) -> Key<'r> {
    Key::new(place, How::Block, block.key().to_vec())
}

/// A name with a slash in it is none of one segment, which is all that is looked for.
fn peer(pattern: &PeerPattern) -> Key<'_> {
    let key = |how, text: &'_ str| Key::new(&Place::Peer, how, text.as_bytes().to_vec());
    let segment = |text: &str, start: &str, end: &str| {
        let inner = text.strip_prefix(start)?.strip_suffix(end)?;
        (!inner.contains('/')).then(|| inner.to_owned())
    };
    let found = match pattern {
        PeerPattern::Exact(uri) => return Key::new(&Place::Peer, How::Exact, uri.as_bytes()),
        PeerPattern::Prefix(start) => return Key::new(&Place::Peer, How::Prefix, start.as_bytes()),
        PeerPattern::Suffix(end) => return Key::new(&Place::Peer, How::Suffix, end.as_bytes()),
        PeerPattern::Namespace(part) => {
            segment(part, "/ns/", "/").map(|namespace| key(How::Namespace, &namespace))
        }
        PeerPattern::ServiceAccount { namespace, name } => segment(namespace, "/ns/", "/")
            .zip(segment(name, "sa/", ""))
            .map(|(namespace, name)| key(How::ServiceAccount, &format!("{namespace}/{name}"))),
        PeerPattern::TrustDomain(TextPattern::Exact(domain)) => {
            (!domain.contains('/')).then(|| key(How::TrustDomain, domain))
        }
        PeerPattern::TrustDomain(_)
        | PeerPattern::NamespaceGlob(_)
        | PeerPattern::NonEmpty
        | PeerPattern::AnyTrustDomain => None,
    };
    found.unwrap_or_else(|| any(&Place::Peer))
}
