//! Generated traffic.

use peerwarden_engine::{ExternalAnswer, Lookup, Peer, Traffic};
use proptest::prelude::*;
use proptest::sample::select;

use super::super::value;
use super::pools::{AUTHORITIES, IPS, JWTS, LINES, NAMES, REQUEST_PATHS, SERVER_NAMES, VALUES};

/// Found more often than missing, and sometimes unavailable.
fn lookup<T: Clone + std::fmt::Debug>(value: impl Strategy<Value = T>) -> impl Strategy<Value = Lookup<T>> {
    (0..10_u8, value).prop_map(|(dice, value)| match dice {
        0 => Lookup::Unavailable,
        1..=2 => Lookup::Missing,
        _ => Lookup::Found(value),
    })
}

/// One request or connection.
pub(in super::super) fn traffic() -> impl Strategy<Value = Traffic> {
    let names = || {
        prop::collection::vec(
            select(&NAMES[..]).prop_map(|name| name.as_bytes().to_vec()),
            0..=2,
        )
    };
    let peer = (
        names(),
        names(),
        select(&NAMES[..]).prop_map(|name| name.as_bytes().to_vec()),
    )
        .prop_map(|(uri_sans, dns_sans, subject)| Peer {
            uri_sans,
            dns_sans,
            subject,
        });
    let ip = || lookup(select(&IPS[..]).prop_map(|ip| ip.parse().unwrap()));
    let line = prop_oneof![
        select(&AUTHORITIES[..]).prop_map(|text| (":authority", text)),
        select(&REQUEST_PATHS[..]).prop_map(|text| (":path", text)),
        select(&["GET", "POST", "get", ""][..]).prop_map(|text| (":method", text)),
        select(&LINES[..]).prop_map(|text| ("x-team", text)),
    ];
    let headers = prop::collection::vec(
        line.prop_map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec())),
        1..8,
    );
    let metadata = select(&VALUES[..])
        .prop_map(|json| vec![("envoy.filters.f".to_owned(), "k".to_owned(), value(json))]);
    let answer = || {
        select(
            &[
                ExternalAnswer::Allow,
                ExternalAnswer::Deny,
                ExternalAnswer::Failed,
            ][..],
        )
    };
    let authorizers =
        ["http", "grpc", "open"].map(|name| answer().prop_map(move |said| (name.to_owned(), said)));
    let first = (
        lookup(peer),
        lookup(any::<bool>()),
        ip(),
        ip(),
        ip(),
        lookup(select(&[80_u16, 8080, 0][..])),
    );
    let second = (
        lookup(select(&SERVER_NAMES[..]).prop_map(|text| text.as_bytes().to_vec())),
        lookup(headers),
        lookup(select(&JWTS[..]).prop_map(value)),
        lookup(metadata),
        authorizers,
    );
    (first, second).prop_map(
        |(
            (peer, tls, source_ip, remote_ip, destination_ip, destination_port),
            (sni, headers, jwt, metadata, authorizers),
        )| {
            Traffic {
                peer,
                tls,
                source_ip,
                remote_ip,
                destination_ip,
                destination_port,
                sni,
                headers,
                jwt,
                metadata,
                authorizers: authorizers.to_vec(),
            }
        },
    )
}
