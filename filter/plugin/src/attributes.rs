//! The engine's questions, put to Envoy.
//!
//! Which property answers which, and what Envoy leaves open, is in
//! <https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/advanced/attributes> and, measured, in
//! docs/envoy-behaviour.md.

mod certificates;
mod kept;

use std::borrow::Cow;
use std::cell::{Cell, OnceCell};
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;

use peerwarden_engine::document::Value;
use peerwarden_engine::{
    AttributeSource, Config, JwtMetadata, Lines, Lookup, OnChange, Paths, Peer, Program, WorkloadKind,
};

pub(crate) use peerwarden_wire::pairs::{Pairs, decode as decode_pairs, encode as encode_pairs};
use peerwarden_wire::{certificate, metadata, pairs};

pub(crate) use kept::KeptHeaders;

use crate::abi::{self, Bytes, Failed};
use crate::clock;

/// A header map as Envoy handed it out.
pub(crate) type Map = pairs::Map<Bytes>;

/// Filter state that holds the direct peer's address, put there by a `set_filter_state` filter ahead of this one.
const DIRECT_REMOTE_ADDRESS: &str = "filter_state\0peerwarden.direct_remote_address";

/// Filter state in which a waypoint finds the peer that the tunnel vouches for, as Istio's `connect_authority` leaves it.
const PEER_PRINCIPAL: &str = "filter_state\0io.istio.peer_principal";

/// Where a configuration says that attributes are found.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sources {
    peer: PeerFrom,
    jwt: JwtMetadata,
    /// Which paths are established.
    paths: Paths,
    /// What becomes of a peer whose certificate has expired since its handshake: with `close` it is known no more.
    on_expiry: OnChange,
    headers: HeadersFrom,
}

impl Sources {
    pub(crate) fn of(config: &Config, program: &Program) -> Self {
        Self {
            peer: match config.workload.as_ref().map(|workload| workload.kind) {
                Some(WorkloadKind::Waypoint) => PeerFrom::Tunnel,
                Some(WorkloadKind::Sidecar | WorkloadKind::Gateway) | None => PeerFrom::Certificate,
            },
            jwt: config.jwt.clone(),
            paths: config.paths,
            on_expiry: config.open_connections.on_expiry,
            headers: match program.headers_asked_for() {
                0 | 1 => HeadersFrom::Each,
                _ => HeadersFrom::All,
            },
        }
    }
}

/// How a request's pseudo-headers are asked for. A call for all headers costs what one for a single header does, and a little for each
/// that comes with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum HeadersFrom {
    /// Each by itself: the rules hang on one at most.
    #[default]
    Each,
    /// All at once.
    All,
}

/// Where the peer is known from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum PeerFrom {
    /// The certificate of this connection's handshake.
    #[default]
    Certificate,
    /// The tunnel that the connection came by, whose end is a listener before this one.
    Tunnel,
}

/// Whether the TLS handshake is known to be over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Handshake {
    /// The client has spoken: it is over, or there is none.
    Over,
    /// Only the upstream has spoken: a client certificate may still come.
    MayBeUnderWay,
}

/// How a connection is secured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SecurityPolicy {
    MutualTls,
    Tls,
    None,
}

impl SecurityPolicy {
    /// As access logs and counters have it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::MutualTls => "mutual_tls",
            Self::Tls => "tls",
            Self::None => "none",
        }
    }
}

/// Which rules for addresses Envoy follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layer {
    Http,
    Tcp,
}

/// The attributes of the stream that is being served.
pub(crate) struct Attributes {
    sources: Rc<Sources>,
    handshake: Handshake,
    layer: Layer,
    headers: OnceCell<Lookup<Map>>,
    /// Envoy does not show them any more.
    headers_are_kept: bool,
    metadata: OnceCell<Lookup<metadata::FilterMetadata>>,
    failures: Cell<u32>,
    /// Of the certificate that the peer is known by, once it was asked for.
    validity: Cell<Option<Validity>>,
    /// That the peer is known by.
    certificate: OnceCell<Rc<certificate::Names>>,
}

/// Until when a certificate is valid, in seconds since 1970.
#[derive(Debug, Clone, Copy)]
enum Validity {
    Until(u64),
    /// It has expired since the handshake.
    Over,
}

impl Attributes {
    pub(crate) fn of_request(sources: Rc<Sources>) -> Self {
        Self::new(sources, Layer::Http, Handshake::Over)
    }

    pub(crate) fn of_connection(sources: Rc<Sources>, handshake: Handshake) -> Self {
        Self::new(sources, Layer::Tcp, handshake)
    }

    /// Whether a path is established, for the line of the log.
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

    /// Of a request that went on: its headers are those that were kept.
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

    /// Of a connection: whether its handshake is known to be over.
    pub(crate) fn handshake_of_connection(&self) -> Option<Handshake> {
        match self.layer {
            Layer::Tcp => Some(self.handshake),
            Layer::Http => None,
        }
    }

    /// When the certificate expires that the peer is known by, if it was asked for; in seconds since 1970.
    pub(crate) fn expiry(&self) -> Option<u64> {
        match self.validity.get() {
            Some(Validity::Until(end)) => Some(end),
            Some(Validity::Over) | None => None,
        }
    }

    /// Whether the certificate has expired that the peer was known by.
    pub(crate) fn has_expired(&self) -> bool {
        matches!(self.validity.get(), Some(Validity::Over))
    }

    /// Of a connection of which nothing was heard yet: whether its peer is known, or known to be nobody. A certificate shows before
    /// the client has proved that it has the key. `peer_certificate_valid` (Envoy 1.39) is set with the proof by TLS 1.3, and
    /// before it by TLS 1.2, where nothing tells. Envoy remembers the version that it is asked for too early, so that is asked for
    /// last; that there is TLS shows in the peer's subject, which is empty at first.
    pub(crate) fn peer_is_settled(&self) -> bool {
        match self.text("connection\0subject_peer_certificate") {
            Lookup::Missing => true,
            Lookup::Unavailable => false,
            Lookup::Found(_) => {
                matches!(
                    self.flag("connection\0peer_certificate_valid"),
                    Lookup::Found(true)
                ) && matches!(self.text("connection\0tls_version"), Lookup::Found(version) if version == b"TLSv1.3")
            }
        }
    }

    /// How the connection is secured, in Istio's words (`connection_security_policy`), and `tls` for TLS without a certificate of the
    /// client; `None` where it is not known yet.
    pub(crate) fn connection_security_policy(&self) -> Option<SecurityPolicy> {
        if self.sources.peer == PeerFrom::Tunnel {
            return match self.tunnelled_peer() {
                Lookup::Found(_) => Some(SecurityPolicy::MutualTls),
                Lookup::Missing => Some(SecurityPolicy::None),
                Lookup::Unavailable => None,
            };
        }
        if self.validity.get().is_some() {
            return Some(SecurityPolicy::MutualTls);
        }
        match (self.flag("connection\0mtls"), self.handshake) {
            (Lookup::Found(true), _) => Some(SecurityPolicy::MutualTls),
            (Lookup::Unavailable, _) => None,
            (Lookup::Found(false) | Lookup::Missing, handshake) => match (self.tls(), handshake) {
                (Lookup::Found(false), _) => Some(SecurityPolicy::None),
                (Lookup::Found(true), Handshake::Over) => Some(SecurityPolicy::Tls),
                (_, _) => None,
            },
        }
    }

    /// How many questions Envoy did not answer as it should.
    pub(crate) fn failures(&self) -> u32 {
        self.failures.get()
    }

    fn failed<T>(&self) -> Lookup<T> {
        self.failures.set(self.failures.get().saturating_add(1));
        Lookup::Unavailable
    }

    /// What a call answered, read by `parse`; what `parse` does not understand is unavailable.
    fn answer<T>(
        &self,
        answer: Result<Option<Bytes>, Failed>,
        parse: impl FnOnce(Bytes) -> Option<T>,
    ) -> Lookup<T> {
        match answer {
            Ok(Some(bytes)) => parse(bytes).map_or_else(|| self.failed(), Lookup::Found),
            Ok(None) => Lookup::Missing,
            Err(Failed(_)) => self.failed(),
        }
    }

    fn property<T>(&self, path: &str, parse: impl FnOnce(Bytes) -> Option<T>) -> Lookup<T> {
        self.answer(abi::property(path), parse)
    }

    fn flag(&self, path: &str) -> Lookup<bool> {
        self.property(path, |bytes| bytes.first().map(|byte| *byte != 0))
    }

    fn text(&self, path: &str) -> Lookup<Vec<u8>> {
        self.property(path, |bytes| Some(bytes.to_vec()))
    }

    /// An expired certificate vouches for nobody (RFC 5280, section 4.1.2.5), and without a clock it may have expired.
    fn unless_expired(&self, certificate: Rc<certificate::Names>) -> Lookup<Cow<'_, Peer>> {
        if self.sources.on_expiry == OnChange::Close {
            let Some(now) = clock::seconds() else {
                return self.failed();
            };
            if now > certificate.not_after {
                self.validity.set(Some(Validity::Over));
                return Lookup::Unavailable;
            }
            self.validity.set(Some(Validity::Until(certificate.not_after)));
        }
        let peer = &self.certificate.get_or_init(|| certificate).peer;
        if peer.uri_sans.is_empty() && peer.dns_sans.is_empty() {
            return self.with_subject(peer.clone()).map(Cow::Owned);
        }
        Lookup::Found(Cow::Borrowed(peer))
    }

    /// The peer that the end of the tunnel wrote down: `%DOWNSTREAM_PEER_URI_SAN%`, which is `-` of a peer that has none, whoever it
    /// is, and has several joined by commas, which a URI may have itself.
    fn tunnelled_peer(&self) -> Lookup<Peer> {
        match self.text(PEER_PRINCIPAL) {
            Lookup::Found(uri) if uri.is_empty() || uri == b"-" => Lookup::Unavailable,
            Lookup::Found(uri) if uri.contains(&b',') || !uri.is_ascii() => self.failed(),
            Lookup::Found(uri) => Lookup::Found(Peer::from_uri(uri)),
            Lookup::Missing => Lookup::Missing,
            Lookup::Unavailable => Lookup::Unavailable,
        }
    }

    /// The peer on Envoy before 1.38, which shows the first name of each kind only.
    fn first_names(&self) -> Lookup<Peer> {
        let names = |path| match self.text(path) {
            // These names are ASCII (RFC 5280, section 4.2.1.6); a certificate with others cannot be read.
            Lookup::Found(name) if !name.is_ascii() => self.failed(),
            Lookup::Found(name) => Lookup::Found(vec![name]),
            Lookup::Missing => Lookup::Found(Vec::new()),
            Lookup::Unavailable => Lookup::Unavailable,
        };
        let uri_sans = names("connection\0uri_san_peer_certificate");
        let dns_sans = names("connection\0dns_san_peer_certificate");
        let (Lookup::Found(uri_sans), Lookup::Found(dns_sans)) = (uri_sans, dns_sans) else {
            return Lookup::Unavailable;
        };
        let peer = Peer {
            uri_sans,
            dns_sans,
            subject: Vec::new(),
        };
        if peer.uri_sans.is_empty() && peer.dns_sans.is_empty() {
            self.with_subject(peer)
        } else {
            Lookup::Found(peer)
        }
    }

    /// A certificate without any SAN is known by its subject, in the form that Envoy writes it.
    fn with_subject(&self, mut peer: Peer) -> Lookup<Peer> {
        match self.text("connection\0subject_peer_certificate") {
            Lookup::Found(subject) => peer.subject = subject,
            Lookup::Missing => {}
            Lookup::Unavailable => return Lookup::Unavailable,
        }
        Lookup::Found(peer)
    }

    fn without_certificate(&self) -> Lookup<Peer> {
        match self.flag("connection\0mtls") {
            Lookup::Found(true) => self.first_names(),
            Lookup::Unavailable => Lookup::Unavailable,
            Lookup::Found(false) | Lookup::Missing => match (self.handshake, self.tls()) {
                (Handshake::Over, _) | (Handshake::MayBeUnderWay, Lookup::Found(false)) => Lookup::Missing,
                (Handshake::MayBeUnderWay, _) => Lookup::Unavailable,
            },
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

    /// The client's address as Envoy has it, which for HTTP may come from a header.
    pub(crate) fn client_address(&self) -> Lookup<SocketAddr> {
        self.socket_address("source\0address")
    }

    /// The address connected to.
    pub(crate) fn local_address(&self) -> Lookup<SocketAddr> {
        self.socket_address("destination\0address")
    }

    /// Who is asked: the first URI in Envoy's own certificate.
    pub(crate) fn local_principal(&self) -> Lookup<Vec<u8>> {
        self.text("connection\0uri_san_local_certificate")
    }

    /// Such as `HTTP/1.1`.
    pub(crate) fn request_protocol(&self) -> Lookup<Vec<u8>> {
        self.text("request\0protocol")
    }

    fn socket_address(&self, path: &str) -> Lookup<SocketAddr> {
        self.property(path, |bytes| std::str::from_utf8(&bytes).ok()?.parse().ok())
    }
}

/// The headers of a request, which has some: none at all is what Envoy answers where it does not show them.
fn request(bytes: Bytes) -> Option<Map> {
    if bytes.is_empty() {
        return None;
    }
    Map::of(bytes)
}

impl AttributeSource for Attributes {
    /// From the certificate itself, as the attributes show only the first name of each kind; that attribute came with
    /// Envoy 1.38, so the first names are the fallback.
    fn peer(&self) -> Lookup<Cow<'_, Peer>> {
        if self.sources.peer == PeerFrom::Tunnel {
            return self.tunnelled_peer().map(Cow::Owned);
        }
        let certificate = self.property("connection\0peer_certificate", |pem| {
            if pem.is_empty() {
                Some(None)
            } else {
                certificates::read(&pem).map(Some)
            }
        });
        match certificate {
            Lookup::Found(Some(certificate)) => self.unless_expired(certificate),
            Lookup::Found(None) | Lookup::Missing => self.without_certificate().map(Cow::Owned),
            Lookup::Unavailable => Lookup::Unavailable,
        }
    }

    fn tls(&self) -> Lookup<bool> {
        match self.text("connection\0tls_version") {
            Lookup::Found(version) => Lookup::Found(!version.is_empty()),
            Lookup::Missing => Lookup::Found(false),
            Lookup::Unavailable => Lookup::Unavailable,
        }
    }

    /// `source.address` of an HTTP request may come from a header, and then has port 0: that is not a direct peer.
    fn source_ip(&self) -> Lookup<IpAddr> {
        match self.socket_address(DIRECT_REMOTE_ADDRESS) {
            Lookup::Found(address) => return Lookup::Found(address.ip()),
            Lookup::Unavailable => return Lookup::Unavailable,
            Lookup::Missing => {}
        }
        match (self.socket_address("source\0address"), self.layer) {
            (Lookup::Found(address), Layer::Http) if address.port() == 0 => Lookup::Unavailable,
            (address, Layer::Http | Layer::Tcp) => address.map(|address| address.ip()),
        }
    }

    fn remote_ip(&self) -> Lookup<IpAddr> {
        self.socket_address("source\0address").map(|address| address.ip())
    }

    fn destination_ip(&self) -> Lookup<IpAddr> {
        self.socket_address("destination\0address")
            .map(|address| address.ip())
    }

    fn destination_port(&self) -> Lookup<u16> {
        self.property("destination\0port", |bytes| {
            let bytes = <[u8; 8]>::try_from(&*bytes).ok()?;
            u16::try_from(i64::from_le_bytes(bytes)).ok()
        })
    }

    fn sni(&self) -> Lookup<Cow<'_, [u8]>> {
        self.text("connection\0requested_server_name").map(Cow::Owned)
    }

    fn header(&self, name: &str) -> Lookup<Lines<'_>> {
        let apart = self.sources.headers == HeadersFrom::Each && !self.headers_are_kept;
        if name.starts_with(':') && apart && self.headers.get().is_none() {
            return self.answer(abi::request_header(name), |value| {
                Some(Lines::One(Cow::Owned(value.to_vec())))
            });
        }
        match self.headers() {
            Lookup::Found(headers) => {
                if let Some(value) = headers.pseudo(name) {
                    return Lookup::from_option(value.map(|value| Lines::One(Cow::Borrowed(value))));
                }
                let lines = headers
                    .iter()
                    .filter(|(header, _)| header.eq_ignore_ascii_case(name.as_bytes()));
                Lines::of(lines.map(|(_, value)| Cow::Borrowed(value)))
            }
            Lookup::Missing => Lookup::Missing,
            Lookup::Unavailable => Lookup::Unavailable,
        }
    }

    fn jwt(&self) -> Lookup<Cow<'_, Value>> {
        self.metadata(&self.sources.jwt.filter, &self.sources.jwt.key)
    }

    fn metadata(&self, filter: &str, key: &str) -> Lookup<Cow<'_, Value>> {
        match self.filter_metadata() {
            Lookup::Found(filters) => {
                let value = filters
                    .iter()
                    .find(|(name, _)| name == filter)
                    .and_then(|(_, value)| value.get(key));
                Lookup::from_option(value.map(Cow::Borrowed))
            }
            Lookup::Missing => Lookup::Missing,
            Lookup::Unavailable => Lookup::Unavailable,
        }
    }
}
