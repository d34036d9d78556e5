//! Classes of the values of an attribute.

use std::net::IpAddr;

use peerwarden_engine::ExternalAnswer;

use crate::attribute::Attribute;
use crate::label::Label;
use crate::predicate::Predicate;

/// One predicate that the policies test.
#[derive(Debug, Clone)]
pub(crate) struct Atom {
    pub(crate) predicate: Predicate,
    /// The predicate as policies write it.
    pub(crate) label: Label,
}

/// A class of values.
#[derive(Debug, Clone)]
pub(crate) struct Class {
    /// The atoms that hold for them, ascending.
    pub(crate) atoms: Vec<usize>,
    /// Whether they look ordinary.
    pub(crate) plain: bool,
    /// A sample value.
    pub(crate) sample: Sample,
}

/// A sample value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Sample {
    /// For peers: the connection is not secured.
    Plaintext,
    /// For peers: TLS without a certificate.
    NoCertificate,
    /// The attribute is absent.
    Absent,
    /// The value is not established: for peers, a certificate without a URI SAN; for hosts, a value that is not a host; for
    /// methods, lower-case letters; for server names, a trailing dot.
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

    /// How good an example it makes, best first: plain ones, then usual ones, then those that few patterns match, then short ones.
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
