//! Headers that say where a message ends and what a connection carries (RFC 9110 7.6.1, RFC 9112 6).

/// Where one of these is written, another end may be read: the body of a request as further requests, which nothing decided.
pub const FRAMING: [&str; 5] = [
    "connection",
    "content-length",
    "te",
    "transfer-encoding",
    "upgrade",
];

/// These are about one connection, too, and are never carried over to another.
const OF_CONNECTION: [&str; 3] = ["keep-alive", "proxy-connection", "trailer"];

/// Whether a header is about framing or about one connection.
pub fn is_framing(name: &[u8]) -> bool {
    let mut all = FRAMING.iter().chain(&OF_CONNECTION);
    all.any(|own| name.eq_ignore_ascii_case(own.as_bytes()))
}
