//! Caches answers of the source: each question is asked at most once per decision.
//!
//! Headers by name and metadata are not cached here but by the source, which has them all once it has one, so nothing
//! has to be allocated for them.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::net::IpAddr;

use super::truth::{LookupResult, UnestablishedValue};
use crate::attribute::{AttributeSource, Lines, Lookup};
use crate::config::Paths;
use crate::document::Value;
use crate::host_name::is_host;
use crate::identity::Peer;

/// A source with a memory.
pub(super) struct Answers<'s> {
    source: &'s dyn AttributeSource,
    paths: Paths,
    peer: OnceCell<Lookup<Cow<'s, Peer>>>,
    tls: OnceCell<Lookup<bool>>,
    source_ip: OnceCell<Lookup<IpAddr>>,
    remote_ip: OnceCell<Lookup<IpAddr>>,
    destination_ip: OnceCell<Lookup<IpAddr>>,
    destination_port: OnceCell<Lookup<u16>>,
    sni: OnceCell<LookupResult<Cow<'s, [u8]>>>,
    method: OnceCell<LookupResult<Lines<'s>>>,
    path: OnceCell<LookupResult<Lines<'s>>>,
    host: OnceCell<LookupResult<Lines<'s>>>,
    jwt: OnceCell<Lookup<Cow<'s, Value>>>,
}

impl<'s> Answers<'s> {
    pub(super) fn new(source: &'s dyn AttributeSource, paths: Paths) -> Self {
        Self {
            source,
            paths,
            peer: OnceCell::new(),
            tls: OnceCell::new(),
            source_ip: OnceCell::new(),
            remote_ip: OnceCell::new(),
            destination_ip: OnceCell::new(),
            destination_port: OnceCell::new(),
            sni: OnceCell::new(),
            method: OnceCell::new(),
            path: OnceCell::new(),
            host: OnceCell::new(),
            jwt: OnceCell::new(),
        }
    }

    /// The peer that rules on identity are about. The identity of a certificate without a URI SAN is not established.
    pub(super) fn identity(&self) -> Result<&Lookup<Cow<'s, Peer>>, UnestablishedValue> {
        match self.peer() {
            Lookup::Found(peer) if !peer.has_identity() => Err(UnestablishedValue),
            peer @ (Lookup::Found(_) | Lookup::Missing | Lookup::Unavailable) => Ok(peer),
        }
    }

    /// The verified certificate.
    pub(super) fn peer(&self) -> &Lookup<Cow<'s, Peer>> {
        self.peer.get_or_init(|| self.source.peer())
    }

    pub(super) fn tls(&self) -> &Lookup<bool> {
        self.tls.get_or_init(|| self.source.tls())
    }

    pub(super) fn source_ip(&self) -> &Lookup<IpAddr> {
        self.source_ip.get_or_init(|| self.source.source_ip())
    }

    pub(super) fn remote_ip(&self) -> &Lookup<IpAddr> {
        self.remote_ip.get_or_init(|| self.source.remote_ip())
    }

    pub(super) fn destination_ip(&self) -> &Lookup<IpAddr> {
        self.destination_ip.get_or_init(|| self.source.destination_ip())
    }

    pub(super) fn destination_port(&self) -> &Lookup<u16> {
        self.destination_port
            .get_or_init(|| self.source.destination_port())
    }

    /// The server name of the handshake. By RFC 6066, section 3, it has no dot at its end. One with a dot is another text for the same
    /// host, so it is not established.
    pub(super) fn sni(&self) -> Result<&Lookup<Cow<'s, [u8]>>, UnestablishedValue> {
        borrowed(self.sni.get_or_init(|| match self.source.sni() {
            Lookup::Found(name) if name.ends_with(b".") => Err(UnestablishedValue),
            sni @ (Lookup::Found(_) | Lookup::Missing | Lookup::Unavailable) => Ok(sni),
        }))
    }

    /// Methods are upper case and case-sensitive (RFC 9110, section 9.1). Many applications read one in lower case, which HTTP/2 can
    /// deliver, as the same method, so it is not established.
    pub(super) fn method(&self) -> Result<&Lookup<Lines<'s>>, UnestablishedValue> {
        borrowed(self.method.get_or_init(|| match self.source.header(":method") {
            Lookup::Found(methods) if !methods.iter().all(is_method) => Err(UnestablishedValue),
            method @ (Lookup::Found(_) | Lookup::Missing | Lookup::Unavailable) => Ok(method),
        }))
    }

    /// The path without query and fragment.
    pub(super) fn path(&self) -> Result<&Lookup<Lines<'s>>, UnestablishedValue> {
        let path = self.path.get_or_init(|| match self.whole_path()? {
            Lookup::Found(Lines::One(path)) => Ok(Lookup::Found(Lines::One(without_query(path)))),
            Lookup::Found(Lines::Several(paths)) => Ok(Lookup::Found(Lines::Several(
                paths.into_iter().map(without_query).collect(),
            ))),
            path @ (Lookup::Missing | Lookup::Unavailable) => Ok(path),
        });
        borrowed(path)
    }

    /// The path with them.
    fn whole_path(&self) -> LookupResult<Lines<'s>> {
        match self.source.header(":path") {
            Lookup::Found(paths) if !paths.iter().all(|path| self.paths.establish(path)) => {
                Err(UnestablishedValue)
            }
            path @ (Lookup::Found(_) | Lookup::Missing | Lookup::Unavailable) => Ok(path),
        }
    }

    pub(super) fn host(&self) -> Result<&Lookup<Lines<'s>>, UnestablishedValue> {
        borrowed(self.host.get_or_init(|| match self.source.header(":authority") {
            Lookup::Found(hosts) if !hosts.iter().all(is_host) => Err(UnestablishedValue),
            host @ (Lookup::Found(_) | Lookup::Missing | Lookup::Unavailable) => Ok(host),
        }))
    }

    /// A header's lines: without the white space around each, unless it is a pseudo-header.
    pub(super) fn header(&self, name: &str) -> LookupResult<Lines<'s>> {
        match name {
            ":authority" => self.host().cloned(),
            ":method" => self.method().cloned(),
            ":path" => self.whole_path(),
            name if name.starts_with(':') => Ok(self.source.header(name)),
            name => Ok(self.source.header(name).map(Lines::trimmed)),
        }
    }

    pub(super) fn jwt(&self) -> &Lookup<Cow<'s, Value>> {
        self.jwt.get_or_init(|| self.source.jwt())
    }

    pub(super) fn metadata(&self, filter: &str, key: &str) -> Lookup<Cow<'s, Value>> {
        self.source.metadata(filter, key)
    }
}

/// The same, borrowed.
pub(super) fn borrowed<T>(established: &LookupResult<T>) -> Result<&Lookup<T>, UnestablishedValue> {
    established.as_ref().map_err(|unestablished| *unestablished)
}

/// Whether a method is in upper case.
fn is_method(method: &[u8]) -> bool {
    !method.iter().any(u8::is_ascii_lowercase)
}

/// A path ends where its query or fragment begins.
fn without_query(path: Cow<'_, [u8]>) -> Cow<'_, [u8]> {
    let end = memchr::memchr2(b'?', b'#', &path);
    match (path, end) {
        (path, None) => path,
        (Cow::Borrowed(path), Some(end)) => Cow::Borrowed(path.get(..end).unwrap_or(path)),
        (Cow::Owned(mut path), Some(end)) => {
            path.truncate(end);
            Cow::Owned(path)
        }
    }
}
