//! The attributes that the engine asks for, from Envoy's properties and headers.

use std::borrow::Cow;
use std::net::IpAddr;

use peerwarden_engine::document::Value;
use peerwarden_engine::{AttributeSource, Lines, Lookup, Peer};

use super::sources::{HeaderSource, PeerSource};
use super::{Attributes, Layer, certificates};
use crate::abi;

/// Filter state with the direct peer's address, set by a `set_filter_state` filter ahead of this one.
const DIRECT_REMOTE_ADDRESS: &str = "filter_state\0peerwarden.direct_remote_address";

impl AttributeSource for Attributes {
    /// The peer in the certificate itself, as the attributes show only the first name of each kind; that attribute came
    /// with Envoy 1.38, so the first names are the fallback.
    fn peer(&self) -> Lookup<Cow<'_, Peer>> {
        if self.sources.peer == PeerSource::Tunnel {
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
        let apart = self.sources.headers == HeaderSource::Each && !self.headers_are_kept;
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
