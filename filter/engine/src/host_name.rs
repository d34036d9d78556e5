//! Authorities that every parser reads as the same host.

/// Whether an authority (`Host`, `:authority`) is a host as RFC 3986, section 3.2.2 and RFC 6874 write one, with at most one port: a
/// name or an IPv4 address of letters, digits, `-`, `_` and `.`, or an IPv6 address in brackets, with its zone. Parsers differ about
/// anything else, such as `x@admin.example`, `%61dmin.example` or two hosts with a comma.
pub fn is_host(authority: &[u8]) -> bool {
    match authority.strip_prefix(b"[") {
        Some(rest) => match split(rest, b']') {
            Some((address, after)) => {
                is_ipv6(address) && (after.is_empty() || after.strip_prefix(b":").is_some_and(is_port))
            }
            None => false,
        },
        None => match split(authority, b':') {
            Some((name, port)) => is_name(name) && is_port(port),
            None => is_name(authority),
        },
    }
}

/// The text before and after the first such byte.
fn split(text: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let (before, after) = text.split_at_checked(memchr::memchr(at, text)?)?;
    Some((before, after.get(1..)?))
}

fn is_name(name: &[u8]) -> bool {
    let in_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    !name.is_empty() && name.iter().all(in_name)
}

fn is_port(port: &[u8]) -> bool {
    matches!(port.len(), 1..=5) && port.iter().all(u8::is_ascii_digit)
}

/// An address with its zone after a `%`, which a URI writes as `%25`.
fn is_ipv6(address: &[u8]) -> bool {
    let (address, zone) = match split(address, b'%') {
        Some((address, zone)) => (address, Some(zone)),
        None => (address, None),
    };
    let in_address = |byte: &u8| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.');
    !address.is_empty() && address.iter().all(in_address) && zone.is_none_or(is_name)
}

#[cfg(test)]
mod tests {
    use super::is_host;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn hosts_as_clients_send_them() {
        for host in [
            "admin.example",
            "ADMIN.Example",
            "admin.example.",
            "admin.example.:8080",
            "my_service:8080",
            "xn--bcher-kva.example",
            "localhost",
            "10.0.0.7:15001",
            "[::1]",
            "[::1]:8080",
            "[2001:DB8::1]:443",
            "[::ffff:10.1.2.3]",
            "[fe80::1%25eth0]:80",
            "[fe80::1%eth0]",
            "orders.shop.svc.cluster.local:65535",
        ] {
            assert!(is_host(host.as_bytes()), "{host}");
        }
    }

    #[test]
    fn what_readers_read_differently_is_not_a_host() {
        for host in [
            "",
            " ",
            "admin.example ",
            " admin.example",
            "admin .example",
            "admin.example\t",
            "x@admin.example",
            "admin.example@x",
            "%61dmin.example",
            "ok.example,admin.example",
            "ok.example, admin.example",
            "ok.example;admin.example",
            "admin.example/",
            "admin.example/x",
            "admin.example\\x",
            "admin.example?x",
            "admin.example#x",
            "http://admin.example",
            "admin.example:",
            "admin.example:80:80",
            "admin.example:8080x",
            "admin.example:+80",
            "admin.example:123456",
            ":80",
            "[::1",
            "::1",
            "[::1]x",
            "[::1]:",
            "[::1]:80:80",
            "[::1%]",
            "[]",
            "[x]",
            "[::1]]",
            "[[::1]]",
            "a*b",
            "unix:/run/app.sock",
            "/run/app.sock",
            "%2Frun%2Fapp.sock",
            "b\u{fc}cher.example",
            "admin.example\u{3002}",
            "admin\0.example",
        ] {
            assert!(!is_host(host.as_bytes()), "{host:?}");
        }
    }
}
