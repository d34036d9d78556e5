//! The access that a line needs.

use std::fmt;

use peerwarden_engine::{SpiffeId, limits};
use peerwarden_traffic::Protocol;

use crate::access_log::{Entry, Fact, Outcome, PeerFact};

/// Access that a policy should allow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admission {
    /// The principal in a policy: without `spiffe://`.
    pub principal: String,
    /// The port, if it is known.
    pub port: Option<u16>,
    /// `None` for a TCP connection.
    pub request: Option<Request>,
}

/// The parts of an HTTP request that a policy names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The method.
    pub method: String,
    /// The path without its query.
    pub path: String,
}

/// Why no policy can be made for a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AdmissionError {
    /// The line does not show the peer.
    UnknownPeer,
    /// The peer is not authenticated.
    NoPeer,
    /// The peer's name is not a SPIFFE ID.
    NoSpiffeId,
    /// The line does not show the method or the path.
    UnknownRequest,
    /// The method does not consist of letters.
    Method,
    /// The path cannot be written as a value: it has a `*` at an end, a brace, or a character that is not visible
    /// ASCII.
    Path,
}

impl Admission {
    /// The access of a line that was not denied; `Ok(None)` for one that was.
    ///
    /// # Errors
    ///
    /// If no policy can be made for it.
    pub fn of(entry: &Entry) -> Result<Option<Self>, AdmissionError> {
        if matches!(entry.happened, Some(Outcome::Denied(_))) {
            return Ok(None);
        }
        let uri = match &entry.peer {
            PeerFact::Uri(uri) => uri,
            PeerFact::Unknown => return Err(AdmissionError::UnknownPeer),
            PeerFact::Nobody | PeerFact::NoUri => return Err(AdmissionError::NoPeer),
        };
        let id = SpiffeId::parse(uri.as_bytes()).map_err(|_| AdmissionError::NoSpiffeId)?;
        let request = match entry.protocol {
            None => return Err(AdmissionError::UnknownRequest),
            Some(Protocol::Tcp) => None,
            Some(Protocol::Http) => Some(Request::of(entry)?),
        };
        Ok(Some(Self {
            principal: format!("{}{}", id.trust_domain.as_str(), id.path),
            port: entry.destination_port,
            request,
        }))
    }
}

impl Request {
    fn of(entry: &Entry) -> Result<Self, AdmissionError> {
        let (Fact::Is(method), Fact::Is(path)) = (&entry.method, &entry.path) else {
            return Err(AdmissionError::UnknownRequest);
        };
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
        // A star in it would be a wildcard in the policy.
        let method = text(method).filter(|method| {
            let letter = |byte: u8| byte.is_ascii_alphabetic() || byte == b'-' || byte == b'_';
            !method.is_empty() && method.len() <= limits::VALUE_BYTES && method.bytes().all(letter)
        });
        let end = path.iter().position(|byte| matches!(byte, b'?' | b'#'));
        let path = text(&path[..end.unwrap_or(path.len())]).filter(|path| {
            let visible = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'{' | b'}');
            path.starts_with('/')
                && !path.ends_with('*')
                && path.len() <= limits::VALUE_BYTES
                && path.bytes().all(visible)
        });
        Ok(Self {
            method: method.ok_or(AdmissionError::Method)?,
            path: path.ok_or(AdmissionError::Path)?,
        })
    }
}

impl fmt::Display for AdmissionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnknownPeer => "the line does not have the caller",
            Self::NoPeer => "the caller has no URI SAN",
            Self::NoSpiffeId => "the peer's name is not a SPIFFE ID",
            Self::UnknownRequest => "the line does not have the method and the path",
            Self::Method => "the method has characters other than letters",
            Self::Path => "the path ends in `*`, or has a brace or a character outside ASCII",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(method: &str, path: &str, peer: &str) -> Result<Option<Admission>, AdmissionError> {
        let mut entry = Entry::default();
        entry.protocol = Some(Protocol::Http);
        entry.peer = PeerFact::Uri(peer.to_owned());
        entry.method = Fact::Is(method.as_bytes().to_vec());
        entry.path = Fact::Is(path.as_bytes().to_vec());
        Admission::of(&entry)
    }

    const PEER: &str = "spiffe://td/ns/web/sa/frontend";

    #[test]
    fn the_query_is_nothing_to_a_policy() {
        let wanted = wanted("GET", "/a/b?x=*#y", PEER).unwrap().unwrap();
        assert_eq!(wanted.principal, "td/ns/web/sa/frontend");
        assert_eq!(wanted.request.unwrap().path, "/a/b");
    }

    /// Whoever can write to a log must not be able to write a wildcard into a policy.
    #[test]
    fn what_would_be_a_wildcard_is_not_taken() {
        for path in [
            "/admin*", "*", "*/admin", "/{*}", "/{**}", "/a}", "/a b", "/\u{1b}", "/\u{e9}", "", "a",
        ] {
            assert_eq!(wanted("GET", path, PEER), Err(AdmissionError::Path), "{path}");
        }
        for method in ["*", "G*", "*T", "", "GET\n", "G T"] {
            assert_eq!(
                wanted(method, "/a", PEER),
                Err(AdmissionError::Method),
                "{method}"
            );
        }
        for peer in [
            "*",
            "spiffe://*",
            "spiffe://td/ns/*",
            "spiffe://TD/a",
            "https://td/a",
            "spiffe://td/a/../b",
        ] {
            assert_eq!(
                wanted("GET", "/a", peer),
                Err(AdmissionError::NoSpiffeId),
                "{peer}"
            );
        }
    }
}
