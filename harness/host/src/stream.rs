//! What a context knows of the stream that it is for.

pub(crate) mod http;
pub(crate) mod record;
pub(crate) mod tcp;

use std::cell::Cell;
use std::collections::BTreeMap;

use crate::connection::Connection;
use http::Http;
use tcp::Tcp;

/// A context of the module.
#[derive(Debug)]
pub(crate) struct Context {
    /// The root context above it; itself for a root.
    pub(crate) root: u32,
    /// Which plugin it belongs to.
    pub(crate) plugin: usize,
    pub(crate) kind: Kind,
}

/// What a context is for.
#[derive(Debug)]
pub(crate) enum Kind {
    Root,
    Http(Box<Http>),
    Tcp(Box<Tcp>),
}

/// A stream: a request, or a connection.
#[derive(Debug)]
pub(crate) struct Stream {
    pub(crate) connection: Connection,
    /// What the module set: its own by their names with `wasm.` in front, Envoy's by theirs.
    pub(crate) filter_state: BTreeMap<String, Vec<u8>>,
    pub(crate) module: Presence,
    /// Whether the module asked for the TLS version before the handshake was over: Envoy remembers what it said then.
    pub(crate) asked_version_early: Cell<bool>,
}

/// How long filter state lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lifespan {
    /// With the request (`FilterChain`, `DownstreamRequest`, between which nothing differs here); on a connection, with that.
    Request,
    /// With the connection (`DownstreamConnection`). Each request has a connection of its own here, so that others do not
    /// see it.
    Connection,
}

/// What the module has of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presence {
    /// It was not told of it yet.
    Unknown,
    /// It has a context for it.
    Created,
    /// It was told that it is over.
    Deleted,
    /// Its instance failed, and Envoy lets no part of the stream pass.
    Orphaned,
    /// It had failed before and Envoy lets the stream pass, or its chain has no filter.
    Bypassed,
}

impl Stream {
    pub(crate) fn new(connection: &Connection) -> Self {
        Self {
            asked_version_early: Cell::new(false),
            connection: connection.clone(),
            filter_state: BTreeMap::new(),
            module: Presence::Unknown,
        }
    }

    /// What is set under a key: by the module, else on its connection.
    pub(crate) fn filter_state(&self, key: &str) -> Option<&[u8]> {
        let own = self.filter_state.get(key);
        own.or_else(|| self.connection.filter_state.get(key))
            .map(Vec::as_slice)
    }
}

impl Context {
    /// Whether the module was told that it is over.
    pub(crate) fn is_deleted(&self) -> bool {
        self.stream()
            .is_some_and(|stream| matches!(stream.module, Presence::Deleted | Presence::Orphaned))
    }

    pub(crate) fn stream(&self) -> Option<&Stream> {
        match &self.kind {
            Kind::Root => None,
            Kind::Http(http) => Some(&http.stream),
            Kind::Tcp(tcp) => Some(&tcp.stream),
        }
    }

    pub(crate) fn stream_mut(&mut self) -> Option<&mut Stream> {
        match &mut self.kind {
            Kind::Root => None,
            Kind::Http(http) => Some(&mut http.stream),
            Kind::Tcp(tcp) => Some(&mut tcp.stream),
        }
    }

    /// Sets filter state of a stream. Envoy does not let one key have two life spans: then this answers false, and the first
    /// value stays.
    pub(crate) fn set_filter_state(&mut self, key: String, value: Vec<u8>, lifespan: Lifespan) -> bool {
        let request = self.http().is_some();
        let Some(stream) = self.stream_mut() else {
            return false;
        };
        let (set, other) = match lifespan {
            Lifespan::Connection if request => (&mut stream.connection.filter_state, &stream.filter_state),
            Lifespan::Request | Lifespan::Connection => {
                (&mut stream.filter_state, &stream.connection.filter_state)
            }
        };
        if request && other.contains_key(&key) {
            return false;
        }
        set.insert(key, value);
        true
    }

    pub(crate) fn http_mut(&mut self) -> Option<&mut Http> {
        match &mut self.kind {
            Kind::Http(http) => Some(http),
            Kind::Root | Kind::Tcp(_) => None,
        }
    }

    pub(crate) fn http(&self) -> Option<&Http> {
        match &self.kind {
            Kind::Http(http) => Some(http),
            Kind::Root | Kind::Tcp(_) => None,
        }
    }

    pub(crate) fn tcp_mut(&mut self) -> Option<&mut Tcp> {
        match &mut self.kind {
            Kind::Tcp(tcp) => Some(tcp),
            Kind::Root | Kind::Http(_) => None,
        }
    }

    pub(crate) fn tcp(&self) -> Option<&Tcp> {
        match &self.kind {
            Kind::Tcp(tcp) => Some(tcp),
            Kind::Root | Kind::Http(_) => None,
        }
    }
}
