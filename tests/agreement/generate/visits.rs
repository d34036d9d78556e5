//! Connections.

use std::net::{IpAddr, SocketAddr};

use fastrand::Rng;
use peerwarden_lab::client::http::Version;

use super::aim::Aim;
use super::{percent, pick, pools, requests, values};
use crate::case::{CAST, Layer, Member, PolicySet, ProxyHeader, Visit};

const HTTP_VISITS: usize = 5;
const REQUESTS: usize = 9;
const TCP_VISITS: usize = 15;

/// Fields and conditions about the caller.
const IDENTITY: [&str; 8] = [
    "principals",
    "namespaces",
    "serviceAccounts",
    "trustDomains",
    "source.principal",
    "source.namespace",
    "source.serviceAccount",
    "source.trustDomain",
];

/// The connections for a set.
pub(super) fn of(rng: &mut Rng, set: &PolicySet) -> Vec<Visit> {
    let count = match set.layer {
        Layer::Http => HTTP_VISITS,
        Layer::Tcp => TCP_VISITS,
    };
    (0..count).map(|_| visit(rng, set)).collect()
}

fn visit(rng: &mut Rng, set: &PolicySet) -> Visit {
    let aim = Aim::at_any(rng, &set.policies);
    let version = if rng.bool() {
        Version::Http1
    } else {
        Version::Http2
    };
    let requests = match set.layer {
        Layer::Http => (0..REQUESTS)
            .map(|_| requests::request(rng, &set.policies))
            .collect(),
        Layer::Tcp => Vec::new(),
    };
    // Most values are about the first callers.
    let likely = likely(rng, &aim);
    let member = match rng.u32(0..100) {
        0..=44 if !likely.is_empty() => pick(rng, &likely),
        0..=69 => rng.usize(0..6),
        _ => rng.usize(0..CAST.len()),
    };
    let wanted = aim.value(rng, &["source.ip", "ipBlocks"]);
    let from = match wanted.and_then(address) {
        Some(address @ IpAddr::V4(loopback)) if loopback.is_loopback() && loopback.octets()[3] != 0 => {
            address
        }
        _ => known(pick(rng, &pools::LOOPBACK)),
    };
    Visit {
        member,
        from,
        proxy: percent(rng, 75).then(|| proxy(rng, &aim)),
        server_name: pick(rng, &pools::ASKED_NAMES),
        version,
        requests,
    }
}

/// The callers whose names share something with what the rule requires.
fn likely(rng: &mut Rng, aim: &Aim) -> Vec<usize> {
    let wanted = aim.value(rng, &IDENTITY).unwrap_or_default();
    let word = wanted
        .split(['*', '/'])
        .max_by_key(|word| word.len())
        .unwrap_or_default();
    let named = |member: &Member| !word.is_empty() && member.uri_sans.iter().any(|uri| uri.contains(word));
    let places = CAST.iter().enumerate().filter(|(_, member)| named(member));
    places.map(|(place, _)| place).collect()
}

fn proxy(rng: &mut Rng, aim: &Aim) -> ProxyHeader {
    let source = aim.value(rng, &["remoteIpBlocks", "remote.ip"]);
    let source = any_ip(rng, source);
    let destination = aim.value(rng, &["destination.ip"]);
    let destination = any_ip(rng, destination);
    let port = aim.value(rng, &["ports", "destination.port"]);
    let port = port
        .unwrap_or_else(|| pick(rng, &pools::PORTS))
        .parse()
        .unwrap_or(80);
    let key = "experimental.envoy.filters.network.tier[level]";
    let value = match aim.value(rng, &[key]) {
        Some(value) if percent(rng, 70) => Some(values::matching(rng, value, "x")),
        _ => percent(rng, 50).then(|| (pick(rng, &pools::WORDS)).to_owned()),
    };
    // Both addresses are of one family; if an IPv4 one is written as IPv6, so is the other.
    let destination = match (mapped(source), source, destination) {
        (false, IpAddr::V4(_), IpAddr::V4(_)) => destination,
        (false, IpAddr::V6(_), IpAddr::V6(_)) if !mapped(destination) => destination,
        (false, IpAddr::V4(_), _) => known("10.1.2.3"),
        (false, IpAddr::V6(_), _) => known("2001:db8::1"),
        (true, _, _) => known("::ffff:10.1.2.250"),
    };
    ProxyHeader {
        source: SocketAddr::new(source, 40_000),
        destination: SocketAddr::new(destination, port),
        value: value.filter(|value| !value.is_empty()),
    }
}

/// An address in the wanted block, or any.
pub(super) fn any_ip(rng: &mut Rng, wanted: Option<&str>) -> IpAddr {
    match wanted.and_then(address) {
        // Envoy refuses a PROXY header with the unspecified address, the name of the block of all addresses.
        Some(address) if !address.is_unspecified() && percent(rng, 70) => address,
        _ => known(pick(rng, &pools::IPS)),
    }
}

fn mapped(address: IpAddr) -> bool {
    address != address.to_canonical()
}

/// The address in the notation of a block.
fn address(block: &str) -> Option<IpAddr> {
    block.split('/').next()?.parse().ok()
}

fn known(address: &str) -> IpAddr {
    address.parse().expect("the pools hold addresses")
}
