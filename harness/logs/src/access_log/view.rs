//! Answers the engine's questions from a line.

use std::borrow::Cow;
use std::net::IpAddr;

use peerwarden_engine::document::Value;
use peerwarden_engine::{Attribute, AttributeSource, Lines, Lookup, Peer};

use super::entry::{Entry, Fact, PeerFact};

/// A line in which each dash is read as absent, as a dash, or not at all: then the attribute is unknown.
#[derive(Debug, Clone)]
pub struct View<'e> {
    entry: &'e Entry,
    readings: Vec<(Attribute, Reading)>,
}

/// How a dash is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// As absent.
    Nothing,
    /// As a dash; for a peer, as a certificate without a URI SAN.
    Something,
}

impl<'e> View<'e> {
    /// A view in which no dash is read.
    pub fn new(entry: &'e Entry) -> Self {
        Self {
            entry,
            readings: Vec::new(),
        }
    }

    /// Every view in which those of `attributes` that are dashes are read in one way; empty if none of them is a dash.
    pub fn each<'a>(entry: &'e Entry, attributes: impl Iterator<Item = &'a Attribute>) -> Vec<Self> {
        let mut views = vec![Self::new(entry)];
        for attribute in attributes {
            let readings = readings(entry, attribute);
            if readings.is_empty() {
                continue;
            }
            views = views
                .iter()
                .flat_map(|view| {
                    readings.iter().map(|reading| {
                        let mut view = view.clone();
                        view.readings.push((attribute.clone(), *reading));
                        view
                    })
                })
                .collect();
        }
        if views.len() == 1 { Vec::new() } else { views }
    }

    fn reading(&self, attribute: &Attribute) -> Option<Reading> {
        let own = self.readings.iter().find(|(of, _)| of == attribute);
        own.map(|(_, reading)| *reading)
    }

    fn text<'s>(&'s self, fact: &'s Fact<Vec<u8>>, attribute: &Attribute) -> Lookup<Cow<'s, [u8]>> {
        match fact {
            Fact::Unknown => Lookup::Unavailable,
            Fact::Missing => Lookup::Missing,
            Fact::Is(text) => Lookup::Found(Cow::Borrowed(text.as_slice())),
            Fact::Dash => dash(self.reading(attribute)),
        }
    }
}

fn dash<'s>(reading: Option<Reading>) -> Lookup<Cow<'s, [u8]>> {
    match reading {
        None => Lookup::Unavailable,
        Some(Reading::Nothing) => Lookup::Missing,
        Some(Reading::Something) => Lookup::Found(Cow::Borrowed(b"-")),
    }
}

/// The ways to read an attribute, if the line has a dash for it.
fn readings(entry: &Entry, attribute: &Attribute) -> &'static [Reading] {
    let is_dash = match attribute {
        Attribute::Peer if entry.peer == PeerFact::NoUri => {
            return &[Reading::Nothing, Reading::Something];
        }
        Attribute::Sni => entry.sni == Fact::Dash,
        Attribute::Header(name) => match name.as_str() {
            ":method" => entry.method == Fact::Dash,
            ":path" => entry.path == Fact::Dash,
            name => entry.header(name) == &Fact::Dash,
        },
        Attribute::Protocol
        | Attribute::Peer
        | Attribute::Tls
        | Attribute::SourceIp
        | Attribute::RemoteIp
        | Attribute::DestinationIp
        | Attribute::DestinationPort
        | Attribute::Jwt
        | Attribute::Metadata { .. }
        | Attribute::Authorizer(_) => false,
    };
    if is_dash {
        &[Reading::Nothing, Reading::Something]
    } else {
        &[]
    }
}

fn told<T>(value: Option<T>) -> Lookup<T> {
    value.map_or(Lookup::Unavailable, Lookup::Found)
}

impl AttributeSource for View<'_> {
    /// A certificate's other names are not in the line, and no rule reads them.
    fn peer(&self) -> Lookup<Cow<'_, Peer>> {
        match &self.entry.peer {
            PeerFact::Unknown => Lookup::Unavailable,
            PeerFact::Nobody => Lookup::Missing,
            PeerFact::Uri(uri) => Lookup::Found(Cow::Owned(Peer::from_uri(uri.as_bytes()))),
            PeerFact::NoUri => match self.reading(&Attribute::Peer) {
                None => Lookup::Unavailable,
                Some(Reading::Nothing) => Lookup::Missing,
                Some(Reading::Something) => Lookup::Found(Cow::Owned(Peer::default())),
            },
        }
    }

    fn tls(&self) -> Lookup<bool> {
        told(self.entry.tls)
    }

    fn source_ip(&self) -> Lookup<IpAddr> {
        told(self.entry.source_ip)
    }

    fn remote_ip(&self) -> Lookup<IpAddr> {
        told(self.entry.remote_ip)
    }

    fn destination_ip(&self) -> Lookup<IpAddr> {
        told(self.entry.destination_ip)
    }

    fn destination_port(&self) -> Lookup<u16> {
        told(self.entry.destination_port)
    }

    fn sni(&self) -> Lookup<Cow<'_, [u8]>> {
        match &self.entry.sni {
            Fact::Unknown => Lookup::Unavailable,
            Fact::Missing => Lookup::Missing,
            Fact::Is(name) => Lookup::Found(Cow::Borrowed(name.as_bytes())),
            Fact::Dash => dash(self.reading(&Attribute::Sni)),
        }
    }

    /// Envoy logs the first line of a header, which is assumed to be the only one.
    fn header(&self, name: &str) -> Lookup<Lines<'_>> {
        let fact = match name {
            ":method" => &self.entry.method,
            ":path" => &self.entry.path,
            name => self.entry.header(name),
        };
        self.text(fact, &Attribute::Header(name.to_owned()))
            .map(Lines::One)
    }

    fn jwt(&self) -> Lookup<Cow<'_, Value>> {
        match &self.entry.jwt {
            Fact::Unknown | Fact::Dash => Lookup::Unavailable,
            Fact::Missing => Lookup::Missing,
            Fact::Is(payload) => Lookup::Found(Cow::Borrowed(payload)),
        }
    }

    fn metadata(&self, _: &str, _: &str) -> Lookup<Cow<'_, Value>> {
        Lookup::Unavailable
    }
}
