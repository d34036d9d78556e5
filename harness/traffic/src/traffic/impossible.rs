//! Traffic that Envoy would never pass to a filter.

use super::{Protocol, Traffic};

/// Why traffic cannot exist.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ImpossibleTraffic {
    /// Fields of HTTP on a TCP connection.
    NotOnTcp(&'static str),
    /// A pseudo-header among the headers.
    PseudoHeader(String),
    /// A text that is not a header name.
    HeaderName(String),
    /// A line break or a NUL in the first line of a request.
    FirstLine(&'static str),
    /// A line break or a NUL in a header.
    HeaderValue(String),
    /// A name that cannot be in a certificate.
    NotAscii(String),
    /// Two hosts.
    HostTwice,
}

impl ImpossibleTraffic {
    /// What is wrong.
    pub fn message(&self) -> String {
        match self {
            Self::NotOnTcp(field) => format!("`{field}` does not apply to `protocol: tcp`"),
            Self::PseudoHeader(name) => format!("`{name}` among the headers"),
            Self::HeaderName(name) => format!("`{name}` is not a header name"),
            Self::FirstLine(field) => format!("`http.{field}` has a line break or a NUL"),
            Self::HeaderValue(name) => format!("the value of header `{name}` has a line break or a NUL"),
            Self::NotAscii(name) => {
                format!("`{name}` cannot be in a certificate, whose alternative names are ASCII")
            }
            Self::HostTwice => "both `http.host` and a header `host` are given".to_owned(),
        }
    }

    /// What to write instead, or why nothing can be.
    pub fn help(&self) -> &'static str {
        match self {
            Self::NotOnTcp(_) => "remove it, or write `protocol: http`",
            Self::PseudoHeader(_) => "write `http.method`, `http.host` or `http.path`",
            Self::HeaderName(_) => "use letters, digits and `-`",
            Self::FirstLine(_) => "no request can carry one",
            Self::HeaderValue(_) => "give several lines as a list",
            Self::NotAscii(_) => "write IDNs in their ASCII form",
            Self::HostTwice => "keep `http.host`",
        }
    }
}

impl std::fmt::Display for ImpossibleTraffic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}; {}", self.message(), self.help())
    }
}

impl std::error::Error for ImpossibleTraffic {}

impl Traffic {
    /// Refuses traffic that Envoy would never pass to the filter.
    ///
    /// # Errors
    ///
    /// If the traffic is impossible; the first reason is returned.
    pub fn check(&self) -> Result<(), ImpossibleTraffic> {
        if self.protocol == Protocol::Tcp {
            for (given, name) in [(self.http.is_some(), "http"), (self.jwt.is_some(), "jwt")] {
                if given {
                    return Err(ImpossibleTraffic::NotOnTcp(name));
                }
            }
        }
        if let Some(peer) = self.tls.as_ref().and_then(|tls| tls.peer.as_ref()) {
            let mut names = peer.uri_sans.iter().chain(&peer.dns_sans);
            if let Some(name) = names.find(|name| !name.is_ascii()) {
                return Err(ImpossibleTraffic::NotAscii(name.clone()));
            }
        }
        let Some(http) = &self.http else { return Ok(()) };
        let mut pseudo = vec![
            ("method", &http.method),
            ("host", &http.host),
            ("path", &http.path),
        ];
        pseudo.retain(|(_, value)| value.as_deref().is_some_and(breaks));
        if let Some((name, _)) = pseudo.first() {
            return Err(ImpossibleTraffic::FirstLine(name));
        }
        for (name, lines) in &http.headers {
            if name.starts_with(':') {
                return Err(ImpossibleTraffic::PseudoHeader(name.clone()));
            }
            if name.is_empty() || !name.bytes().all(is_token) {
                return Err(ImpossibleTraffic::HeaderName(name.clone()));
            }
            if name.eq_ignore_ascii_case("host") && http.host.is_some() {
                return Err(ImpossibleTraffic::HostTwice);
            }
            if lines.iter().any(breaks) {
                return Err(ImpossibleTraffic::HeaderValue(name.clone()));
            }
        }
        Ok(())
    }
}

/// A character of a header name (RFC 9110, section 5.6.2).
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

fn breaks(value: &str) -> bool {
    value.contains(['\r', '\n', '\0'])
}
