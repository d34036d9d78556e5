//! The state of the stream that a context belongs to.

pub(crate) mod http;
pub(crate) mod message;
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
    /// Its root context; a root context's own id.
    pub(crate) root: u32,
    /// The plugin that it belongs to.
    pub(crate) plugin: usize,
    pub(crate) kind: ContextKind,
}

/// The purpose of a context.
#[derive(Debug)]
pub(crate) enum ContextKind {
    Root,
    Http(Box<Http>),
    Tcp(Box<Tcp>),
}

/// A stream: a request, or a connection.
#[derive(Debug)]
pub(crate) struct Stream {
    pub(crate) connection: Connection,
    /// Filter state set by the module: its own keys with `wasm.` in front, Envoy's keys unchanged.
    pub(crate) filter_state: BTreeMap<String, Vec<u8>>,
    pub(crate) module: Presence,
    /// Whether the module read the TLS version before the handshake was over: Envoy remembers its answer.
    pub(crate) asked_version_early: Cell<bool>,
}

/// The life span of filter state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lifespan {
    /// The request (`FilterChain` and `DownstreamRequest`, which do not differ here); on a connection, the connection.
    Request,
    /// The connection (`DownstreamConnection`). Each request has its own connection here, so that others do not see it.
    Connection,
}

/// Whether the module knows of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presence {
    /// The module has not been notified of it yet.
    Unknown,
    /// It has a context for it.
    Created,
    /// The module was notified of its end.
    Deleted,
    /// Its instance failed, and Envoy lets no part of the stream pass.
    Orphaned,
    /// The module had failed before and Envoy lets the stream pass, or its filter chain has no filter.
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

    /// The value under a key: set by the module, or else on its connection.
    pub(crate) fn filter_state(&self, key: &str) -> Option<&[u8]> {
        let own = self.filter_state.get(key);
        own.or_else(|| self.connection.filter_state.get(key))
            .map(Vec::as_slice)
    }
}

impl Context {
    /// Whether the module was notified of its end.
    pub(crate) fn is_deleted(&self) -> bool {
        self.stream()
            .is_some_and(|stream| matches!(stream.module, Presence::Deleted | Presence::Orphaned))
    }

    pub(crate) fn stream(&self) -> Option<&Stream> {
        match &self.kind {
            ContextKind::Root => None,
            ContextKind::Http(http) => Some(&http.stream),
            ContextKind::Tcp(tcp) => Some(&tcp.stream),
        }
    }

    pub(crate) fn stream_mut(&mut self) -> Option<&mut Stream> {
        match &mut self.kind {
            ContextKind::Root => None,
            ContextKind::Http(http) => Some(&mut http.stream),
            ContextKind::Tcp(tcp) => Some(&mut tcp.stream),
        }
    }

    /// Sets filter state of a stream. Envoy does not let one key have two life spans: then this returns false, and the first value
    /// stays.
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
            ContextKind::Http(http) => Some(http),
            ContextKind::Root | ContextKind::Tcp(_) => None,
        }
    }

    pub(crate) fn http(&self) -> Option<&Http> {
        match &self.kind {
            ContextKind::Http(http) => Some(http),
            ContextKind::Root | ContextKind::Tcp(_) => None,
        }
    }

    pub(crate) fn tcp_mut(&mut self) -> Option<&mut Tcp> {
        match &mut self.kind {
            ContextKind::Tcp(tcp) => Some(tcp),
            ContextKind::Root | ContextKind::Http(_) => None,
        }
    }

    pub(crate) fn tcp(&self) -> Option<&Tcp> {
        match &self.kind {
            ContextKind::Tcp(tcp) => Some(tcp),
            ContextKind::Root | ContextKind::Http(_) => None,
        }
    }
}
