//! One requirement of a rule: an attribute and the values that it must or must not have.

use crate::attribute::Attribute;
use crate::few::Few;
use crate::pattern::{
    Block, MetadataPattern, PathPattern, PeerPattern, RequestPrincipalPattern, TextPattern,
};

/// Values asked for, and values that must not be: at least one of the first (when there are any), none of the second.
#[derive(Debug, Clone, PartialEq)]
pub struct Set<P> {
    /// At least one of these, when there are any.
    pub any_of: Few<P>,
    /// None of these.
    pub none_of: Few<P>,
}

impl<P> Set<P> {
    /// Whether an attribute that is there satisfies the set.
    pub(crate) fn holds(&self, matches: impl Fn(&P) -> bool) -> bool {
        (self.any_of.is_none() || self.any_of.any(&matches)) && !self.none_of.iter().any(&matches)
    }

    /// Whether an attribute that is missing satisfies the set: it matches nothing, so only a negative holds.
    pub(crate) fn holds_when_missing(&self) -> bool {
        self.any_of.is_none()
    }
}

/// The path of a claim: `[a][b]` is `b` in the object `a`.
pub type ClaimPath = Vec<String>;

/// One requirement: each field of a source or an operation, and each condition, becomes one.
#[derive(Debug, Clone, PartialEq)]
pub enum Clause {
    /// `principals`, `namespaces`, `serviceAccounts`, `trustDomains`.
    Peer(Set<PeerPattern>),
    /// `ipBlocks`.
    SourceIp(Set<Block>),
    /// `remoteIpBlocks`.
    RemoteIp(Set<Block>),
    /// `destination.ip`.
    DestinationIp(Set<Block>),
    /// `ports`.
    DestinationPort(Set<u16>),
    /// `connection.sni`.
    Sni(Set<TextPattern>),
    /// `hosts`: without case.
    Host(Set<TextPattern>),
    /// `methods`.
    Method(Set<TextPattern>),
    /// `paths`: without query and fragment.
    Path(Set<PathPattern>),
    /// `request.headers[NAME]`, by its lower-case name.
    Header(String, Set<TextPattern>),
    /// `requestPrincipals`.
    RequestPrincipal(Set<RequestPrincipalPattern>),
    /// `request.auth.claims[…]`, `.audiences`, `.presenter`.
    Claim(ClaimPath, Set<TextPattern>),
    /// `experimental.envoy.filters.*`.
    Metadata {
        /// The filter, `envoy.filters.…`.
        filter: String,
        /// The key in its metadata.
        key: String,
        /// The values.
        set: Set<MetadataPattern>,
    },
}

/// The attribute that a clause is about; those that are cheap to establish come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Operand {
    Peer,
    DestinationPort,
    Path,
    Method,
    Host,
    Sni,
    SourceIp,
    RemoteIp,
    DestinationIp,
    Header,
    Jwt,
    Metadata,
}

impl Operand {
    pub(super) const ALL: [Self; 12] = [
        Self::Peer,
        Self::DestinationPort,
        Self::Path,
        Self::Method,
        Self::Host,
        Self::Sni,
        Self::SourceIp,
        Self::RemoteIp,
        Self::DestinationIp,
        Self::Header,
        Self::Jwt,
        Self::Metadata,
    ];
}

impl Clause {
    /// The attribute that it is about.
    pub(crate) fn operand(&self) -> Operand {
        match self {
            Clause::Peer(_) => Operand::Peer,
            Clause::SourceIp(_) => Operand::SourceIp,
            Clause::RemoteIp(_) => Operand::RemoteIp,
            Clause::DestinationIp(_) => Operand::DestinationIp,
            Clause::DestinationPort(_) => Operand::DestinationPort,
            Clause::Sni(_) => Operand::Sni,
            Clause::Host(_) => Operand::Host,
            Clause::Method(_) => Operand::Method,
            Clause::Path(_) => Operand::Path,
            Clause::Header(..) => Operand::Header,
            Clause::RequestPrincipal(_) | Clause::Claim(..) => Operand::Jwt,
            Clause::Metadata { .. } => Operand::Metadata,
        }
    }

    /// The name of that attribute.
    pub(crate) fn attribute(&self) -> Attribute {
        let header = |name: &str| Attribute::Header(name.to_owned());
        match self {
            Clause::Peer(_) => Attribute::Peer,
            Clause::SourceIp(_) => Attribute::SourceIp,
            Clause::RemoteIp(_) => Attribute::RemoteIp,
            Clause::DestinationIp(_) => Attribute::DestinationIp,
            Clause::DestinationPort(_) => Attribute::DestinationPort,
            Clause::Sni(_) => Attribute::Sni,
            Clause::Host(_) => header(":authority"),
            Clause::Method(_) => header(":method"),
            Clause::Path(_) => header(":path"),
            Clause::Header(name, _) => header(name),
            Clause::RequestPrincipal(_) | Clause::Claim(..) => Attribute::Jwt,
            Clause::Metadata { filter, key, .. } => Attribute::Metadata {
                filter: filter.clone(),
                key: key.clone(),
            },
        }
    }

    /// The header or pseudo-header that it is about.
    pub(crate) fn header(&self) -> Option<&str> {
        match self {
            Clause::Host(_) => Some(":authority"),
            Clause::Method(_) => Some(":method"),
            Clause::Path(_) => Some(":path"),
            Clause::Header(name, _) => Some(name),
            Clause::Peer(_)
            | Clause::SourceIp(_)
            | Clause::RemoteIp(_)
            | Clause::DestinationIp(_)
            | Clause::DestinationPort(_)
            | Clause::Sni(_)
            | Clause::RequestPrincipal(_)
            | Clause::Claim(..)
            | Clause::Metadata { .. } => None,
        }
    }

    /// Whether a connection that is not parsed as HTTP cannot have the attribute.
    pub(crate) fn is_http_only(&self) -> bool {
        match self.operand() {
            Operand::Host | Operand::Method | Operand::Path | Operand::Header | Operand::Jwt => true,
            Operand::Peer
            | Operand::DestinationPort
            | Operand::Sni
            | Operand::SourceIp
            | Operand::RemoteIp
            | Operand::DestinationIp
            | Operand::Metadata => false,
        }
    }
}
