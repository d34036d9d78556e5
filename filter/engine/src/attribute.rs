//! The attributes that the engine reads from a request or a connection.

mod name;

use std::borrow::Cow;
use std::net::IpAddr;

pub use name::Attribute;

use crate::bytes::field_value;
use crate::document::Value;
use crate::identity::Peer;

/// The value of one attribute, as far as its source can tell.
///
/// The difference between [`Missing`](Lookup::Missing) and [`Unavailable`](Lookup::Unavailable) decides security:
/// a missing attribute satisfies a negative match (`notPrincipals: ["*"]` means "no authenticated peer"), while one
/// that could not be established counts as a match for DENY and as no match for ALLOW, positive or negative.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup<T> {
    /// The value.
    Found(T),
    /// It is known not to be there: no such header, no peer certificate.
    Missing,
    /// It could not be established.
    Unavailable,
}

impl<T> Lookup<T> {
    /// [`Found`](Lookup::Found) or [`Missing`](Lookup::Missing).
    pub fn from_option(option: Option<T>) -> Self {
        option.map_or(Lookup::Missing, Lookup::Found)
    }

    /// The same, borrowed.
    pub fn as_ref(&self) -> Lookup<&T> {
        match self {
            Lookup::Found(value) => Lookup::Found(value),
            Lookup::Missing => Lookup::Missing,
            Lookup::Unavailable => Lookup::Unavailable,
        }
    }

    /// The same with the value replaced.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Lookup<U> {
        match self {
            Lookup::Found(value) => Lookup::Found(f(value)),
            Lookup::Missing => Lookup::Missing,
            Lookup::Unavailable => Lookup::Unavailable,
        }
    }
}

/// All lines of one header, in the order of the request. There is at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lines<'a> {
    /// One line, as of nearly every header and of every pseudo-header.
    One(Cow<'a, [u8]>),
    /// All lines of a repeated header.
    Several(Vec<Cow<'a, [u8]>>),
}

impl<'a> Lines<'a> {
    /// Collects the lines; missing when there are none.
    pub fn of(mut lines: impl Iterator<Item = Cow<'a, [u8]>>) -> Lookup<Self> {
        let Some(first) = lines.next() else {
            return Lookup::Missing;
        };
        Lookup::Found(match lines.next() {
            None => Self::One(first),
            Some(second) => Self::Several([first, second].into_iter().chain(lines).collect()),
        })
    }

    /// The lines without the white space around each.
    pub(crate) fn trimmed(self) -> Self {
        match self {
            Self::One(line) => Self::One(trimmed(line)),
            Self::Several(lines) => Self::Several(lines.into_iter().map(trimmed).collect()),
        }
    }

    /// Each line.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let (one, several): (_, &[Cow<'_, [u8]>]) = match self {
            Self::One(line) => (Some(line), &[]),
            Self::Several(lines) => (None, lines),
        };
        one.into_iter().chain(several).map(AsRef::as_ref)
    }
}

fn trimmed(line: Cow<'_, [u8]>) -> Cow<'_, [u8]> {
    match line {
        Cow::Borrowed(line) => Cow::Borrowed(field_value(line)),
        Cow::Owned(line) => Cow::Owned(field_value(&line).to_vec()),
    }
}

/// Where the engine pulls attributes from, one at a time and only when the outcome depends on them.
///
/// For one decision, the engine asks at most once for each attribute. The exceptions are headers by name and metadata: a source is
/// expected to have all of them at hand after the first. Texts are bytes: what a client sends need not be UTF-8.
pub trait AttributeSource {
    /// The peer's verified certificate; missing on plaintext and on TLS without a client certificate.
    fn peer(&self) -> Lookup<Cow<'_, Peer>>;

    /// Whether this proxy terminated TLS on the connection.
    fn tls(&self) -> Lookup<bool>;

    /// The address of the direct peer, never one taken from a header.
    fn source_ip(&self) -> Lookup<IpAddr>;

    /// The address of the original client, as the proxy derives it.
    fn remote_ip(&self) -> Lookup<IpAddr>;

    /// The address that the connection was made to.
    fn destination_ip(&self) -> Lookup<IpAddr>;

    /// The workload's port that the connection was made to.
    fn destination_port(&self) -> Lookup<u16>;

    /// The server name of the TLS handshake.
    fn sni(&self) -> Lookup<Cow<'_, [u8]>>;

    /// The values of the header `name` (lower case; `:method`, `:path` with the query, `:authority`, `:scheme` for the
    /// pseudo-headers), each line apart and as it came. Missing when there is none.
    fn header(&self, name: &str) -> Lookup<Lines<'_>>;

    /// The payload of the verified JWT, an object.
    fn jwt(&self) -> Lookup<Cow<'_, Value>>;

    /// The value of `key` in the dynamic metadata of `filter`, such as `envoy.filters.network.mysql_proxy`.
    fn metadata(&self, filter: &str, key: &str) -> Lookup<Cow<'_, Value>>;
}
