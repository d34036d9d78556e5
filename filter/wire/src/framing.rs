//! Headers that determine where a message ends and what a connection carries: they are never copied from one connection
//! to another (RFC 9110 7.6.1, RFC 9112 6).

const FRAMING: [&str; 8] = [
    "connection",
    "content-length",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Whether a header is one of these. Writing one into a request would let its body be read as further requests, which
/// nothing decided.
pub fn is_framing(name: &[u8]) -> bool {
    FRAMING
        .iter()
        .any(|own| name.eq_ignore_ascii_case(own.as_bytes()))
}
