//! Describes parts of traffic in words; `shown` makes each text safe.

use crate::traffic::{Peer, Protocol, Traffic};

/// `GET orders.shop/orders`, or `a TCP connection`.
pub fn request(traffic: &Traffic, shown: impl Fn(&str) -> String) -> String {
    let http = match (traffic.protocol, &traffic.http) {
        (Protocol::Tcp, _) => return "a TCP connection".to_owned(),
        (Protocol::Http, None) => return "GET /".to_owned(),
        (Protocol::Http, Some(http)) => http,
    };
    let part = |value: &Option<String>, default: &str| shown(value.as_deref().unwrap_or(default));
    format!(
        "{} {}{}",
        part(&http.method, "GET"),
        part(&http.host, ""),
        part(&http.path, "/")
    )
}

/// The first URI SAN of a peer, or another name.
pub fn peer(peer: &Peer, shown: impl Fn(&str) -> String) -> String {
    match peer.uri_sans.first() {
        Some(uri) => shown(uri),
        None => {
            let other = peer.dns_sans.first().unwrap_or(&peer.subject);
            format!("{} (no URI SAN)", shown(other))
        }
    }
}
