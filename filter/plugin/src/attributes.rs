//! Answers the engine's questions from Envoy.
//!
//! The properties are documented in
//! <https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/advanced/attributes>; measurements of what that
//! leaves open are in docs/envoy-behaviour.md.

mod attribute_source;
mod certificates;
mod kept_headers;
mod peer;
mod properties;
mod security_policy;
mod sources;

use std::cell::{Cell, OnceCell};
use std::net::SocketAddr;
use std::rc::Rc;

use peerwarden_engine::Lookup;

pub(crate) use peerwarden_wire::pairs::{Pairs, decode as decode_pairs, encode as encode_pairs};
use peerwarden_wire::{certificate, metadata, pairs};

pub(crate) use kept_headers::KeptHeaders;
use peer::Validity;
pub(crate) use security_policy::SecurityPolicy;
pub(crate) use sources::Sources;

use crate::abi::{self, Bytes};

/// A header map from Envoy.
pub(crate) type Map = pairs::Map<Bytes>;

/// Whether the TLS handshake is known to be over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Handshake {
    /// The client has sent data: it is over, or there is none.
    Over,
    /// Only the upstream has sent data: a client certificate may still arrive.
    MayBeUnderWay,
}

/// The kind of filter chain, which determines Envoy's rules for addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layer {
    Http,
    Tcp,
}

/// The attributes of the current stream.
pub(crate) struct Attributes {
    sources: Rc<Sources>,
    handshake: Handshake,
    layer: Layer,
    headers: OnceCell<Lookup<Map>>,
    /// Whether the headers were kept, because Envoy no longer shows them.
    headers_are_kept: bool,
    metadata: OnceCell<Lookup<metadata::FilterMetadata>>,
    failures: Cell<u32>,
    /// The validity of the peer's certificate, once it was read.
    validity: Cell<Option<Validity>>,
    /// The peer's certificate.
    certificate: OnceCell<Rc<certificate::Names>>,
}

impl Attributes {
    pub(crate) fn of_request(sources: Rc<Sources>) -> Self {
        Self::new(sources, Layer::Http, Handshake::Over)
    }

    pub(crate) fn of_connection(sources: Rc<Sources>, handshake: Handshake) -> Self {
        Self::new(sources, Layer::Tcp, handshake)
    }

    /// Whether a path is established, for the log line.
    pub(crate) fn establishes(&self, path: &[u8]) -> bool {
        self.sources.paths.establish(path)
    }

    fn new(sources: Rc<Sources>, layer: Layer, handshake: Handshake) -> Self {
        Self {
            sources,
            handshake,
            layer,
            headers: OnceCell::new(),
            headers_are_kept: false,
            metadata: OnceCell::new(),
            failures: Cell::new(0),
            validity: Cell::new(None),
            certificate: OnceCell::new(),
        }
    }

    /// The attributes of a request that continued: its headers are the kept ones.
    pub(crate) fn of_open_request(sources: Rc<Sources>, headers: &KeptHeaders) -> Self {
        let headers = headers
            .bytes()
            .map(<[u8]>::to_vec)
            .map(Bytes::from)
            .and_then(Map::of);
        let headers = headers.map_or(Lookup::Unavailable, Lookup::Found);
        Self {
            headers: OnceCell::from(headers),
            headers_are_kept: true,
            ..Self::of_request(sources)
        }
    }

    /// The request's headers, for [`Attributes::of_open_request`].
    pub(crate) fn keep_headers(&self) -> KeptHeaders {
        match self.headers() {
            Lookup::Found(headers) => KeptHeaders::keep(headers.bytes().to_vec()),
            Lookup::Missing | Lookup::Unavailable => KeptHeaders::default(),
        }
    }

    pub(crate) fn handshake(&self) -> Handshake {
        self.handshake
    }

    /// For a connection, whether its handshake is known to be over.
    pub(crate) fn handshake_of_connection(&self) -> Option<Handshake> {
        match self.layer {
            Layer::Tcp => Some(self.handshake),
            Layer::Http => None,
        }
    }

    fn headers(&self) -> &Lookup<Map> {
        self.headers
            .get_or_init(|| self.answer(abi::request_headers(), request))
    }

    fn filter_metadata(&self) -> &Lookup<metadata::FilterMetadata> {
        self.metadata
            .get_or_init(|| self.property("metadata", |bytes| metadata::decode(&bytes)))
    }

    /// All header lines, pseudo-headers among them.
    pub(crate) fn header_lines(&self) -> Lookup<&Map> {
        self.headers().as_ref()
    }

    /// The client's address in Envoy, which for HTTP may come from a header.
    pub(crate) fn client_address(&self) -> Lookup<SocketAddr> {
        self.socket_address("source\0address")
    }

    /// The address that was connected to.
    pub(crate) fn local_address(&self) -> Lookup<SocketAddr> {
        self.socket_address("destination\0address")
    }

    /// The workload's own identity: the first URI in Envoy's own certificate.
    pub(crate) fn local_principal(&self) -> Lookup<Vec<u8>> {
        self.text("connection\0uri_san_local_certificate")
    }

    /// The protocol, such as `HTTP/1.1`.
    pub(crate) fn request_protocol(&self) -> Lookup<Vec<u8>> {
        self.text("request\0protocol")
    }
}

/// The headers of a request, which has at least one: Envoy returns none when it does not show them.
fn request(bytes: Bytes) -> Option<Map> {
    if bytes.is_empty() {
        return None;
    }
    Map::of(bytes)
}
