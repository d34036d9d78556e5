//! A request or a connection held in memory, for tests and tools.

use std::borrow::Cow;
use std::net::IpAddr;

use crate::attribute::{AttributeSource, Lines, Lookup};
use crate::document::Value;
use crate::identity::Peer;
use crate::provider::{ExternalAnswer, ExternalAuthorizers};

/// Every attribute of one request or connection. The default is plaintext, with every other attribute missing.
#[derive(Debug, Clone, PartialEq)]
pub struct Traffic {
    /// The peer's verified certificate.
    pub peer: Lookup<Peer>,
    /// Whether the proxy terminated TLS.
    pub tls: Lookup<bool>,
    /// The direct peer's address.
    pub source_ip: Lookup<IpAddr>,
    /// The original client's address.
    pub remote_ip: Lookup<IpAddr>,
    /// The address connected to.
    pub destination_ip: Lookup<IpAddr>,
    /// The port connected to.
    pub destination_port: Lookup<u16>,
    /// The TLS server name.
    pub sni: Lookup<Vec<u8>>,
    /// Headers and pseudo-headers with lower-case names, one entry for each line.
    pub headers: Lookup<Vec<(String, Vec<u8>)>>,
    /// The payload of the verified JWT.
    pub jwt: Lookup<Value>,
    /// Dynamic metadata: filter, key, value.
    pub metadata: Lookup<Vec<(String, String, Value)>>,
    /// The answers of external authorizers, by the names of their providers; one that is not listed fails.
    pub authorizers: Vec<(String, ExternalAnswer)>,
}

impl Default for Traffic {
    fn default() -> Self {
        Self {
            peer: Lookup::Missing,
            tls: Lookup::Found(false),
            source_ip: Lookup::Missing,
            remote_ip: Lookup::Missing,
            destination_ip: Lookup::Missing,
            destination_port: Lookup::Missing,
            sni: Lookup::Missing,
            headers: Lookup::Missing,
            jwt: Lookup::Missing,
            metadata: Lookup::Missing,
            authorizers: Vec::new(),
        }
    }
}

impl Traffic {
    /// Mutual TLS from a peer whose certificate has this one URI SAN.
    pub fn from_peer(uri: &str) -> Self {
        Self {
            peer: Lookup::Found(Peer::from_uri(uri)),
            tls: Lookup::Found(true),
            ..Self::default()
        }
    }
}

impl AttributeSource for Traffic {
    fn peer(&self) -> Lookup<Cow<'_, Peer>> {
        self.peer.as_ref().map(Cow::Borrowed)
    }

    fn tls(&self) -> Lookup<bool> {
        self.tls.clone()
    }

    fn source_ip(&self) -> Lookup<IpAddr> {
        self.source_ip.clone()
    }

    fn remote_ip(&self) -> Lookup<IpAddr> {
        self.remote_ip.clone()
    }

    fn destination_ip(&self) -> Lookup<IpAddr> {
        self.destination_ip.clone()
    }

    fn destination_port(&self) -> Lookup<u16> {
        self.destination_port.clone()
    }

    fn sni(&self) -> Lookup<Cow<'_, [u8]>> {
        self.sni.as_ref().map(|sni| Cow::Borrowed(sni.as_slice()))
    }

    fn header(&self, name: &str) -> Lookup<Lines<'_>> {
        match &self.headers {
            Lookup::Found(headers) => {
                let lines = headers.iter().filter(|(header, _)| header == name);
                Lines::of(lines.map(|(_, value)| Cow::Borrowed(value.as_slice())))
            }
            Lookup::Missing => Lookup::Missing,
            Lookup::Unavailable => Lookup::Unavailable,
        }
    }

    fn jwt(&self) -> Lookup<Cow<'_, Value>> {
        self.jwt.as_ref().map(Cow::Borrowed)
    }

    fn metadata(&self, filter: &str, key: &str) -> Lookup<Cow<'_, Value>> {
        let Lookup::Found(metadata) = &self.metadata else {
            return self.metadata.as_ref().map(|_| Cow::Owned(Value::Null));
        };
        let entry = metadata.iter().find(|(of, name, _)| of == filter && name == key);
        Lookup::from_option(entry.map(|(_, _, value)| Cow::Borrowed(value)))
    }
}

impl ExternalAuthorizers for Traffic {
    fn answer(&self, provider: &str) -> ExternalAnswer {
        let answer = self.authorizers.iter().find(|(name, _)| name == provider);
        answer.map_or(ExternalAnswer::Failed, |(_, answer)| *answer)
    }
}
