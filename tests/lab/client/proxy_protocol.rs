//! The header of the PROXY protocol, version 2:
//! <https://www.haproxy.org/download/3.2/doc/proxy-protocol.txt>, section 2.2.

use std::net::{IpAddr, SocketAddr};

const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";

/// Version 2, the command PROXY.
const PROXY: u8 = 0x21;
const TCP4: u8 = 0x11;
const TCP6: u8 = 0x21;

/// The header by which a load balancer passes on the addresses of a connection, with one more value if given. For
/// [`Caller::preface`](super::Caller::preface).
pub fn header(source: SocketAddr, destination: SocketAddr, value: Option<(u8, &str)>) -> Vec<u8> {
    let (family, mut rest) = match (source.ip(), destination.ip()) {
        (IpAddr::V4(source), IpAddr::V4(destination)) => {
            (TCP4, [source.octets(), destination.octets()].concat())
        }
        (source, destination) => (TCP6, [wide(source), wide(destination)].concat()),
    };
    rest.extend(source.port().to_be_bytes());
    rest.extend(destination.port().to_be_bytes());
    if let Some((kind, value)) = value {
        rest.push(kind);
        rest.extend(length(value.len()));
        rest.extend(value.as_bytes());
    }
    let mut bytes = SIGNATURE.to_vec();
    bytes.extend([PROXY, family]);
    bytes.extend(length(rest.len()));
    bytes.extend(rest);
    bytes
}

fn wide(address: IpAddr) -> [u8; 16] {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
        IpAddr::V6(address) => address.octets(),
    }
}

fn length(count: usize) -> [u8; 2] {
    u16::try_from(count).expect("short values").to_be_bytes()
}
