//! Headers that say where a message ends and what a connection carries (RFC 9110 7.6.1, RFC 9112 6).

/// Where one of these is changed, another end may be read: the body of a request as further requests, which nothing
/// decided. The last ones are about one connection, too, and are never carried over to another.
pub const FRAMING: [&str; 8] = [
    "connection",
    "content-length",
    "te",
    "transfer-encoding",
    "upgrade",
    "keep-alive",
    "proxy-connection",
    "trailer",
];

/// Whether a header is about framing or about one connection.
pub fn is_framing(name: &[u8]) -> bool {
    FRAMING
        .iter()
        .any(|own| name.eq_ignore_ascii_case(own.as_bytes()))
}
