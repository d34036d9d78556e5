//! The identity of the peer: from the certificate of the handshake, or from the tunnel of a connection.

use std::borrow::Cow;
use std::rc::Rc;

use peerwarden_engine::{AttributeSource, Lookup, OnChange, Peer};
use peerwarden_wire::certificate;

use super::{Attributes, Handshake};
use crate::clock;

/// Filter state in which a waypoint finds the peer that the tunnel verified, as Istio's `connect_authority` leaves it.
const PEER_PRINCIPAL: &str = "filter_state\0io.istio.peer_principal";

/// The end of a certificate's validity, in seconds since 1970.
#[derive(Debug, Clone, Copy)]
pub(super) enum Validity {
    Until(u64),
    /// It has expired since the handshake.
    Over,
}

impl Attributes {
    /// When the peer's certificate expires, if it was read; in seconds since 1970.
    pub(crate) fn expiry(&self) -> Option<u64> {
        match self.validity.get() {
            Some(Validity::Until(end)) => Some(end),
            Some(Validity::Over) | None => None,
        }
    }

    /// Whether the peer's certificate has expired.
    pub(crate) fn has_expired(&self) -> bool {
        matches!(self.validity.get(), Some(Validity::Over))
    }

    /// For a connection without data so far: whether its peer is known, or known to have no identity. A certificate is
    /// visible before the client has proved that it has the key. `peer_certificate_valid` (Envoy 1.39) is set with the
    /// proof in TLS 1.3, and before it in TLS 1.2, where nothing shows the proof. Envoy remembers a version that is
    /// read too early, so the version is read last; the peer's subject, which is empty at first, shows that there is
    /// TLS.
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

    /// An expired certificate proves nothing (RFC 5280, section 4.1.2.5), and without a clock it may have expired.
    pub(super) fn unless_expired(&self, certificate: Rc<certificate::Names>) -> Lookup<Cow<'_, Peer>> {
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

    /// The peer that the end of the tunnel recorded: `%DOWNSTREAM_PEER_URI_SAN%`. It is `-` for a peer without one, and
    /// several are joined by commas, which a URI may also contain.
    pub(super) fn tunnelled_peer(&self) -> Lookup<Peer> {
        match self.text(PEER_PRINCIPAL) {
            Lookup::Found(uri) if uri.is_empty() || uri == b"-" => Lookup::Unavailable,
            Lookup::Found(uri) if uri.contains(&b',') || !uri.is_ascii() => self.failed(),
            Lookup::Found(uri) => Lookup::Found(Peer::from_uri(uri)),
            Lookup::Missing => Lookup::Missing,
            Lookup::Unavailable => Lookup::Unavailable,
        }
    }

    /// The peer on Envoy before 1.38, which shows only the first name of each kind.
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

    /// A certificate without any SAN is identified by its subject, in the form that Envoy writes.
    fn with_subject(&self, mut peer: Peer) -> Lookup<Peer> {
        match self.text("connection\0subject_peer_certificate") {
            Lookup::Found(subject) => peer.subject = subject,
            Lookup::Missing => {}
            Lookup::Unavailable => return Lookup::Unavailable,
        }
        Lookup::Found(peer)
    }

    pub(super) fn without_certificate(&self) -> Lookup<Peer> {
        match self.flag("connection\0mtls") {
            Lookup::Found(true) => self.first_names(),
            Lookup::Unavailable => Lookup::Unavailable,
            Lookup::Found(false) | Lookup::Missing => match (self.handshake, self.tls()) {
                (Handshake::Over, _) | (Handshake::MayBeUnderWay, Lookup::Found(false)) => Lookup::Missing,
                (Handshake::MayBeUnderWay, _) => Lookup::Unavailable,
            },
        }
    }
}
