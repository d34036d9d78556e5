//! Addresses with ports.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use peerwarden_engine::document::{At, Fields};
use peerwarden_engine::{Problem, Problems};
use serde::Serialize;

/// An IP address with a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Socket {
    /// The address.
    pub address: IpAddr,
    /// The port.
    pub port: u16,
}

/// The address of a server: a host, by address or by name, with a port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Endpoint {
    /// An IP address, without brackets, or a DNS name.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Whether `host` is a name.
    pub by_name: bool,
}

impl Socket {
    /// An address with a port.
    pub fn new(address: IpAddr, port: u16) -> Self {
        Self { address, port }
    }

    /// Parses `127.0.0.1:15000`; nobody else may reach it.
    pub(crate) fn loopback(text: &str, at: &At<'_>, problems: &mut Problems) -> Option<Self> {
        let Ok(address) = text.parse::<SocketAddr>() else {
            let problem = Problem::new(at, format!("`{}` is not an address with a port", shown(text)));
            problems.push(problem.help("write an address such as `127.0.0.1:15000`"));
            return None;
        };
        if !address.ip().is_loopback() {
            let problem = Problem::new(at, format!("`{address}` is reachable from other hosts"));
            problems.push(problem.help("use `127.0.0.1`: Envoy's admin interface has no authentication"));
            return None;
        }
        Some(Self::new(address.ip(), address.port()))
    }
}

impl Endpoint {
    /// Reads the field `upstream`: the address of an application.
    pub(crate) fn upstream(
        fields: &mut Fields<'_, '_>,
        at: &At<'_>,
        problems: &mut Problems,
    ) -> Option<Self> {
        let Some(text) = fields.text("upstream", problems) else {
            let problem = Problem::new(at, "`upstream` is missing or not a string");
            problems
                .push(problem.help("write the address of the application: `upstream: \"127.0.0.1:18080\"`"));
            return None;
        };
        Self::read(text, &at.name("upstream"), problems)
    }

    /// Parses `127.0.0.1:8080`, `[::1]:8080` or `app.local:8080`.
    pub(crate) fn read(text: &str, at: &At<'_>, problems: &mut Problems) -> Option<Self> {
        let address = text.parse::<SocketAddr>().ok();
        if let Some(address) = address.filter(|address| address.port() != 0) {
            return Some(Self {
                host: address.ip().to_string(),
                port: address.port(),
                by_name: false,
            });
        }
        let named = text.rsplit_once(':').and_then(|(host, port)| {
            let port = port.parse::<u16>().ok().filter(|port| *port != 0)?;
            is_name(host).then(|| Self {
                host: host.to_owned(),
                port,
                by_name: true,
            })
        });
        if named.is_none() {
            let problem = Problem::new(at, format!("`{}` is not a host and a port", shown(text)));
            problems.push(
                problem.help("write an address such as `127.0.0.1:8080`, `[::1]:8080` or `app.local:8080`"),
            );
        }
        named
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// Parses an IP address.
pub(crate) fn ip(text: &str, at: &At<'_>, problems: &mut Problems) -> Option<IpAddr> {
    let address = text.parse().ok();
    if address.is_none() {
        let problem = Problem::new(at, format!("`{}` is not an IP address", shown(text)));
        problems.push(problem.help("write an address such as `0.0.0.0` or `10.0.0.9`"));
    }
    address
}

/// A DNS name (RFC 1123, 2.1): letters, digits and hyphens, with dots between. A text that could be an address is not one.
pub(crate) fn is_name(host: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    let last = host.rsplit('.').next().unwrap_or_default();
    host.len() <= 253 && host.split('.').all(label) && !last.bytes().all(|byte| byte.is_ascii_digit())
}

/// The part of a text that a message shows.
pub(crate) fn shown(text: &str) -> String {
    text.chars().take(64).collect()
}
