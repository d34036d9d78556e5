//! Addresses as Envoy writes them.

use std::net::{IpAddr, SocketAddr};

/// An address, and its port if there is one: `10.0.0.7`, `10.0.0.7:443`, `2001:db8::7`, `[2001:db8::7]:443`. `None` for
/// a pipe, for Envoy's internal addresses, and for anything else.
pub(super) fn read(text: &[u8]) -> Option<(IpAddr, Option<u16>)> {
    let text = std::str::from_utf8(text).ok()?;
    if let Ok(address) = text.parse::<SocketAddr>() {
        return Some((address.ip(), Some(address.port())));
    }
    text.parse::<IpAddr>().ok().map(|ip| (ip, None))
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn reads_what_envoy_writes() {
        let ip = |text: &str| text.parse().unwrap();
        assert_eq!(read(b"10.0.0.7:443"), Some((ip("10.0.0.7"), Some(443))));
        assert_eq!(read(b"10.0.0.7"), Some((ip("10.0.0.7"), None)));
        assert_eq!(read(b"[2001:db8::7]:443"), Some((ip("2001:db8::7"), Some(443))));
        assert_eq!(read(b"2001:db8::7"), Some((ip("2001:db8::7"), None)));
        for none in [
            "-",
            "",
            "/run/envoy.sock",
            "envoy://internal/",
            "10.0.0.7:x",
            "\u{e9}",
        ] {
            assert_eq!(read(none.as_bytes()), None, "{none}");
        }
        assert_eq!(read(b"\xff"), None);
    }
}
