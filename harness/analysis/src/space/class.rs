//! Classes of the values of an attribute.

use std::net::IpAddr;

use peerwarden_engine::ExternalAnswer;

use crate::asked::Asked;
use crate::attribute::Attribute;

/// One thing that is asked.
#[derive(Debug, Clone)]
pub(crate) struct Atom {
    pub(crate) asked: Asked,
    /// As policies write it.
    pub(crate) label: String,
}

/// A class of values.
#[derive(Debug, Clone)]
pub(crate) struct Class {
    /// The atoms that hold of them, ascending.
    pub(crate) atoms: Vec<usize>,
    /// Whether they look as usual.
    pub(crate) plain: bool,
    /// One of them.
    pub(crate) sample: Sample,
}

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Sample {
    /// Of a peer: the connection is not secured.
    Plaintext,
    /// Of a peer: TLS, and no certificate.
    NoCertificate,
    /// The attribute is not there.
    Absent,
    /// What is there is not established: of a peer, a certificate without a URI SAN; of a host, what is not one; of a method, one in small
    /// letters; of a server name, one
    /// with a dot at its end.
    Unestablished,
    Text(String),
    Ip(IpAddr),
    Port(u16),
    Answer(ExternalAnswer),
}

impl Sample {
    pub(crate) fn port(&self) -> Option<u16> {
        if let Sample::Port(port) = self {
            Some(*port)
        } else {
            None
        }
    }
}

impl Class {
    pub(super) fn bare(sample: Sample) -> Self {
        Self {
            atoms: Vec::new(),
            plain: true,
            sample,
        }
    }

    pub(super) fn unestablished() -> Self {
        Self {
            plain: false,
            ..Self::bare(Sample::Unestablished)
        }
    }

    /// How good an example it makes, the best first: what is plain, then what is usual, then what few patterns
    /// are about, then what is short.
    pub(super) fn rank(&self, attribute: &Attribute) -> (bool, bool, usize, usize) {
        let (usual, length) = match &self.sample {
            Sample::Plaintext => (true, 0),
            Sample::NoCertificate | Sample::Unestablished => (false, usize::MAX),
            Sample::Absent => (*attribute == Attribute::Sni, usize::MAX),
            Sample::Text(text) => (matches!(text.as_str(), "GET" | "/" | "example.com"), text.len()),
            Sample::Ip(ip) => (ip.to_string().starts_with("192.0.2."), usize::from(ip.is_ipv6())),
            Sample::Port(port) => (*port == 8080, usize::from(*port)),
            Sample::Answer(answer) => (*answer == ExternalAnswer::Allow, 0),
        };
        (!self.plain, !usual, self.atoms.len(), length)
    }
}
