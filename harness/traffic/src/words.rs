//! Parts of traffic in words, each text of it as `shown` has it.

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

/// Its first URI SAN, or another name of it.
pub fn peer(peer: &Peer, shown: impl Fn(&str) -> String) -> String {
    match peer.uri_sans.first() {
        Some(uri) => shown(uri),
        None => {
            let other = peer.dns_sans.first().unwrap_or(&peer.subject);
            format!("{} (no URI SAN)", shown(other))
        }
    }
}
