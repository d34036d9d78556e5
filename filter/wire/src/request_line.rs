//! What an authorizer may write of a request's own line: method, path, host and scheme (RFC 9110 9.1, RFC 9112 3, RFC 3986).
//!
//! Envoy normalises and checks what clients send, and takes these from an authorizer as they are: a path with `..`, or a method with a
//! space, would be one request to the policies that are evaluated for it and another to the application.

use peerwarden_engine::is_dot_segment;

/// Why a header cannot be written, to be read after "its `CheckResponse`"; `None` if it can, or is none of these.
pub(crate) fn flaw(name: &[u8], value: &[u8], is_appended: bool) -> Option<&'static str> {
    let (is_plain, flaw) = match name {
        b":path" => (
            is_normal_path(value),
            "writes a path that is not absolute and normalised",
        ),
        b":method" => (
            is_token(value) && value != b"CONNECT",
            "writes a method that is not a token, or `CONNECT`",
        ),
        b":authority" | b"host" => (
            !value.is_empty() && value.iter().all(u8::is_ascii_graphic),
            "writes a host that is not valid",
        ),
        b":scheme" => (
            matches!(value, b"http" | b"https"),
            "writes a scheme that is not valid",
        ),
        _ if name.starts_with(b":") => return Some("writes a header that is only for Envoy"),
        _ => return None,
    };
    if is_appended {
        return Some("appends to the method, path, host or scheme");
    }
    (!is_plain).then_some(flaw)
}

/// Whether a text is a token (RFC 9110 5.6.2), as methods and names of headers are.
pub(crate) fn is_token(text: &[u8]) -> bool {
    let is_of_tokens = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    !text.is_empty() && text.iter().all(is_of_tokens)
}

/// An absolute path of visible characters in which Envoy's normalisation has nothing to do
/// (<https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/header_sanitizing>).
fn is_normal_path(value: &[u8]) -> bool {
    let path = value.split(|byte| *byte == b'?').next().unwrap_or_default();
    let Some(segments) = path.strip_prefix(b"/") else {
        return false;
    };
    let last = segments.iter().filter(|byte| **byte == b'/').count();
    let is_plain =
        |(index, segment): (usize, &[u8])| !is_dot_segment(segment) && (index == last || !segment.is_empty());
    value.iter().all(|byte| byte.is_ascii_graphic() && *byte != b'#')
        && !path.iter().any(|byte| b"\\\"<>^`{|}".contains(byte))
        && has_plain_escapes(path)
        && segments.split(|byte| *byte == b'/').enumerate().all(is_plain)
}

/// Whether each `%` begins an escape that Envoy and applications leave as it is: not one of a visible ASCII character.
fn has_plain_escapes(path: &[u8]) -> bool {
    path.split(|byte| *byte == b'%').skip(1).all(|rest| {
        let digits = rest
            .get(..2)
            .filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        let digits = digits.and_then(|digits| std::str::from_utf8(digits).ok());
        let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        byte.is_some_and(|byte| !byte.is_ascii_graphic())
    })
}

#[cfg(test)]
mod tests {
    use super::flaw;

    #[test]
    fn what_is_one_request_to_all_is_written() {
        for (name, value) in [
            (":path", "/"),
            (":path", "/a/b/"),
            (":path", "/a%20b/...;x?next=/../x//y"),
            (":method", "PATCH"),
            (":method", "M-SEARCH"),
            (":authority", "shop.example:8080"),
            ("host", "[::1]:8080"),
            (":scheme", "https"),
            ("x-user", "any thing"),
        ] {
            assert_eq!(
                flaw(name.as_bytes(), value.as_bytes(), false),
                None,
                "{name} {value}"
            );
        }
        assert_eq!(flaw(b"x-user", b"too", true), None);
    }

    #[test]
    fn what_may_be_another_request_is_not_written() {
        for (name, value) in [
            (":path", ""),
            (":path", "admin"),
            (":path", "*"),
            (":path", "http://b/admin"),
            (":path", "/x/../admin"),
            (":path", "/x/.."),
            (":path", "/./admin"),
            (":path", "/..;/admin"),
            (":path", "//admin"),
            (":path", "/x//admin"),
            (":path", "/x/%2e%2E/admin"),
            (":path", "/x%2Fadmin"),
            (":path", "/x%5cadmin"),
            (":path", "/x\\..\\admin"),
            (":path", "/ok /admin"),
            (":path", "/ok HTTP/1.1"),
            (":path", "/ok#/admin"),
            (":path", "/ok?a#b"),
            (":path", "/%61dmin"),
            (":path", "/a%2Bb"),
            (":path", "/100%"),
            (":path", "/%+1"),
            (":path", "/a\"dmin"),
            (":path", "/{id}"),
            (":path", "/caf\u{e9}"),
            (":path", "/ok?a b"),
            (":method", ""),
            (":method", "GET /admin"),
            (":method", "CONNECT"),
            (":authority", "a b"),
            (":authority", ""),
            ("host", "a\tb"),
            (":scheme", "x y"),
            (":protocol", "websocket"),
            (":x", "y"),
        ] {
            assert!(
                flaw(name.as_bytes(), value.as_bytes(), false).is_some(),
                "{name} {value}"
            );
        }
        for name in [":path", ":method", ":authority", "host", ":scheme"] {
            assert!(flaw(name.as_bytes(), b"/a", true).is_some(), "{name}");
        }
    }
}
