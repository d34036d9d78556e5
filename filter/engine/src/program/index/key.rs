//! The keys by which clauses are found.

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
pub(super) enum KeyMatch {
    /// It is all of it.
    Exact,
    Prefix,
    Suffix,
    /// The text between `/ns/` and the next slash.
    Namespace,
    /// `NAMESPACE/NAME`: the texts after `/ns/` and `/sa/`.
    ServiceAccount,
    /// The text between `spiffe://` and the next slash.
    TrustDomain,
    /// As [`Block::key`] writes it.
    Block,
    /// Nothing narrows it: any value will do, or finding it would cost more than trying.
    Any,
}

/// One value that a clause asks for.
#[derive(Debug, Hash)]
pub(super) struct Key<'r> {
    pub(super) place: Place,
    pub(super) how: KeyMatch,
    pub(super) text: Cow<'r, [u8]>,
}

impl<'r> Key<'r> {
    fn new(place: &Place, how: KeyMatch, text: impl Into<Cow<'r, [u8]>>) -> Self {
        Self {
            place: place.clone(),
            how,
            text: text.into(),
        }
    }
}

/// Whether the clause asks for anything that can be found.
pub(super) fn finds(clause: &Clause) -> bool {
    match clause {
        Clause::Peer(set) => asks(set),
        Clause::SourceIp(set) | Clause::RemoteIp(set) | Clause::DestinationIp(set) => asks(set),
        Clause::DestinationPort(set) => asks(set),
        Clause::Path(set) => asks(set),
        Clause::Sni(set)
        | Clause::Host(set)
        | Clause::Method(set)
        | Clause::Header(_, set)
        | Clause::Claim(_, set) => asks(set),
        Clause::RequestPrincipal(set) => asks(set),
        Clause::Metadata { .. } => false,
    }
}

fn asks<P>(set: &Set<P>) -> bool {
    !set.any_of.is_empty()
}

/// All that the clause asks for, of which the attribute must have one.
pub(super) fn asked_for<'r>(clause: &'r Clause, each: &mut dyn FnMut(Key<'r>)) {
    match clause {
        Clause::Peer(set) => set.any_of.iter().map(peer).for_each(each),
        Clause::SourceIp(set) => blocks(&Place::SourceIp, &set.any_of, each),
        Clause::RemoteIp(set) => blocks(&Place::RemoteIp, &set.any_of, each),
        Clause::DestinationIp(set) => blocks(&Place::DestinationIp, &set.any_of, each),
        Clause::DestinationPort(set) => ports(&set.any_of, each),
        Clause::Sni(set) => texts(&Place::Sni, &set.any_of, each),
        Clause::Host(set) => hosts(&set.any_of, each),
        Clause::Method(set) => texts(&Place::Method, &set.any_of, each),
        Clause::Path(set) => set.any_of.iter().map(path).for_each(each),
        Clause::Header(name, set) => texts(&Place::Header(name.clone()), &set.any_of, each),
        Clause::RequestPrincipal(set) => set.any_of.iter().map(request_principal).for_each(each),
        Clause::Claim(path, set) => texts(&Place::Claim(path.clone()), &set.any_of, each),
        Clause::Metadata { .. } => {}
    }
}

/// What the clause must not have, as far as finding it is the same as having it.
pub(super) fn ruled_out_by<'r>(clause: &'r Clause, each: &mut dyn FnMut(Key<'r>)) {
    let mut whole = |key: Key<'r>| match (key.how, &key.place) {
        (
            KeyMatch::Exact
            | KeyMatch::Prefix
            | KeyMatch::Namespace
            | KeyMatch::TrustDomain
            | KeyMatch::Block,
            _,
        ) => each(key),
        // Of a peer it is the end of a `spiffe://` URI alone.
        (KeyMatch::Suffix, place) if *place != Place::Peer => each(key),
        (KeyMatch::Suffix | KeyMatch::ServiceAccount | KeyMatch::Any, _) => {}
    };
    match clause {
        Clause::Peer(set) => set.none_of.iter().map(peer).for_each(whole),
        Clause::SourceIp(set) => blocks(&Place::SourceIp, &set.none_of, &mut whole),
        Clause::RemoteIp(set) => blocks(&Place::RemoteIp, &set.none_of, &mut whole),
        Clause::DestinationIp(set) => blocks(&Place::DestinationIp, &set.none_of, &mut whole),
        Clause::DestinationPort(set) => ports(&set.none_of, &mut whole),
        Clause::Sni(set) => texts(&Place::Sni, &set.none_of, &mut whole),
        Clause::Host(set) => hosts(&set.none_of, &mut whole),
        Clause::Method(set) => texts(&Place::Method, &set.none_of, &mut whole),
        Clause::Path(set) => {
            for pattern in &set.none_of {
                match pattern {
                    PathPattern::Text(_) => whole(path(pattern)),
                    // Found by one end, it is still to be matched.
                    PathPattern::Template(_) => {}
                }
            }
        }
        Clause::Header(name, set) => texts(&Place::Header(name.clone()), &set.none_of, &mut whole),
        Clause::Claim(path, set) => texts(&Place::Claim(path.clone()), &set.none_of, &mut whole),
        // Two halves, or nothing that is found.
        Clause::RequestPrincipal(_) | Clause::Metadata { .. } => {}
    }
}

fn texts<'r>(place: &Place, patterns: &'r [TextPattern], each: &mut dyn FnMut(Key<'r>)) {
    patterns.iter().map(|pattern| text(place, pattern)).for_each(each);
}

fn hosts<'r>(patterns: &'r [TextPattern], each: &mut dyn FnMut(Key<'r>)) {
    for pattern in patterns {
        let mut key = text(&Place::Host, pattern);
        if key.text.iter().any(u8::is_ascii_uppercase) {
            key.text.to_mut().make_ascii_lowercase();
        }
        each(key);
    }
}

fn ports<'r>(ports: &'r [u16], each: &mut dyn FnMut(Key<'r>)) {
    let key = |port: &u16| {
        Key::new(
            &Place::DestinationPort,
            KeyMatch::Exact,
            port.to_be_bytes().to_vec(),
        )
    };
    ports.iter().map(key).for_each(each);
}

fn blocks<'r>(place: &Place, blocks: &'r [Block], each: &mut dyn FnMut(Key<'r>)) {
    blocks.iter().map(|of| block(place, of)).for_each(each);
}

fn text<'r>(place: &Place, pattern: &'r TextPattern) -> Key<'r> {
    match pattern {
        TextPattern::Exact(text) => Key::new(place, KeyMatch::Exact, text.as_bytes()),
        TextPattern::Prefix(text) => Key::new(place, KeyMatch::Prefix, text.as_bytes()),
        TextPattern::Suffix(text) => Key::new(place, KeyMatch::Suffix, text.as_bytes()),
        TextPattern::NonEmpty | TextPattern::Exists => any(place),
    }
}

fn any<'r>(place: &Place) -> Key<'r> {
    Key::new(place, KeyMatch::Any, &[][..])
}

fn path(pattern: &PathPattern) -> Key<'_> {
    match pattern {
        PathPattern::Text(pattern) => text(&Place::Path, pattern),
        PathPattern::Template(template) => match template.ends() {
            (start, Some(end)) if end.len() > start.len() => {
                Key::new(&Place::Path, KeyMatch::Suffix, end.as_bytes())
            }
            (start, _) => Key::new(&Place::Path, KeyMatch::Prefix, start.as_bytes()),
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
    Key::new(place, KeyMatch::Block, block.key().to_vec())
}

/// A name with a slash in it is none of one segment, which is all that is looked for.
fn peer<'r>(pattern: &'r PeerPattern) -> Key<'r> {
    let key = |how, text: Cow<'r, [u8]>| Key::new(&Place::Peer, how, text);
    let found = match pattern {
        PeerPattern::Exact(uri) => return Key::new(&Place::Peer, KeyMatch::Exact, uri.as_bytes()),
        PeerPattern::Prefix(start) => return Key::new(&Place::Peer, KeyMatch::Prefix, start.as_bytes()),
        PeerPattern::Suffix(end) => return Key::new(&Place::Peer, KeyMatch::Suffix, end.as_bytes()),
        PeerPattern::Namespace(part) => {
            segment(part, "/ns/", "/").map(|namespace| key(KeyMatch::Namespace, namespace.as_bytes().into()))
        }
        PeerPattern::ServiceAccount { namespace, name } => segment(namespace, "/ns/", "/")
            .zip(segment(name, "sa/", ""))
            .map(|(namespace, name)| {
                key(
                    KeyMatch::ServiceAccount,
                    [namespace, "/", name].concat().into_bytes().into(),
                )
            }),
        PeerPattern::TrustDomain(TextPattern::Exact(domain)) => {
            (!domain.contains('/')).then(|| key(KeyMatch::TrustDomain, domain.as_bytes().into()))
        }
        PeerPattern::TrustDomain(_)
        | PeerPattern::NamespaceGlob(_)
        | PeerPattern::NonEmpty
        | PeerPattern::AnyTrustDomain => None,
    };
    found.unwrap_or_else(|| any(&Place::Peer))
}

/// The text between `start` and `end`, if it is one segment.
fn segment<'t>(text: &'t str, start: &str, end: &str) -> Option<&'t str> {
    let inner = text.strip_prefix(start)?.strip_suffix(end)?;
    (!inner.contains('/')).then_some(inner)
}
