//! A port of the workload: its protocol, and the application behind it.

use std::collections::BTreeMap;

use peerwarden_engine::document::{At, Fields, Value, nearest, quoted};
use peerwarden_engine::{Enforcement, Problem, Problems};

use super::proxy::Proxy;
use super::socket::{Endpoint, shown};

/// A port of the workload.
#[derive(Debug, Clone)]
pub struct Port {
    /// The number in policies and in `portLevelMtls`; Envoy listens on it.
    pub port: u16,
    /// Its protocol.
    pub protocol: PortProtocol,
    /// The application's address.
    pub upstream: Endpoint,
    /// When its connections are decided, if it is not HTTP.
    pub enforcement: Enforcement,
}

/// The protocol of a port: those of a Kubernetes `Service`, as Istio names them
/// (<https://istio.io/latest/docs/ops/configuration/traffic-management/protocol-selection/>).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PortProtocol {
    /// HTTP/1.1; clients may use HTTP/2 as far as Envoy.
    Http,
    /// HTTP/2 (`HTTP2`, `GRPC`), also to the application.
    Http2,
    /// Any bytes (`TCP`, `MySQL`, `Mongo`, `Redis`, …).
    Tcp,
    /// The application's own TLS (`TLS`, `HTTPS`), passed on unread.
    Tls,
}

const PROTOCOLS: [(&str, PortProtocol); 10] = [
    ("HTTP", PortProtocol::Http),
    ("HTTP2", PortProtocol::Http2),
    ("GRPC", PortProtocol::Http2),
    ("GRPC-Web", PortProtocol::Http),
    ("TCP", PortProtocol::Tcp),
    ("MySQL", PortProtocol::Tcp),
    ("Mongo", PortProtocol::Tcp),
    ("Redis", PortProtocol::Tcp),
    ("TLS", PortProtocol::Tls),
    ("HTTPS", PortProtocol::Tls),
];

impl PortProtocol {
    /// Whether requests are decided on, rather than connections.
    pub fn is_http(self) -> bool {
        match self {
            Self::Http | Self::Http2 => true,
            Self::Tcp | Self::Tls => false,
        }
    }

    pub(crate) fn read(text: &str, at: &At<'_>, problems: &mut Problems) -> Option<Self> {
        let known = PROTOCOLS.iter().find(|(name, _)| name.eq_ignore_ascii_case(text));
        if known.is_none() {
            let names = PROTOCOLS.map(|(name, _)| name);
            let problem = Problem::new(at, format!("unknown protocol `{}`", shown(text)));
            problems.push(match nearest(text, names) {
                Some(name) => problem.help(format!("did you mean `{name}`?")),
                None => problem.help(format!("known protocols: {}", quoted(&names))),
            });
        }
        known.map(|(_, protocol)| *protocol)
    }
}

/// Reads `ports`: at least one, each number only once.
pub(super) fn read_all(fields: &mut Fields<'_, '_>, at: &At<'_>, problems: &mut Problems) -> Vec<Port> {
    let at = at.name("ports");
    let before = problems.len();
    let values = fields.list("ports", problems).unwrap_or(&[]);
    if values.is_empty() && problems.len() == before {
        let problem = Problem::new(&at, "`ports` is missing or empty");
        problems.push(
            problem.help(
                "write the ports: `ports: [{port: 8080, protocol: HTTP, upstream: \"127.0.0.1:18080\"}]`",
            ),
        );
    }
    let mut ports: Vec<Port> = Vec::new();
    let mut seen = BTreeMap::new();
    for (index, value) in values.iter().enumerate() {
        let at = at.index(index);
        let Some(port) = Port::read(value, &at, problems) else {
            continue;
        };
        if let Some(first) = seen.insert(port.port, index) {
            let problem = Problem::new(
                &at.name("port"),
                format!("{} is also the port of `ports[{first}]`", port.port),
            );
            problems.push(problem.help("remove one of the two: a port has one listener"));
        }
        ports.push(port);
    }
    ports
}

/// Refuses a port on which Envoy's administration or the application listens: Envoy would call itself.
pub(super) fn collide(ports: &[Port], proxy: &Proxy, problems: &mut Problems) {
    let at = At::ROOT.name("ports");
    for (index, port) in ports.iter().enumerate() {
        let at = at.index(index);
        if port.port == proxy.admin.port {
            let problem = Problem::new(
                &at.name("port"),
                format!("{} is the address of Envoy's admin interface", port.port),
            );
            problems.push(
                problem.help("move the admin interface to another address: `admin: \"127.0.0.1:15001\"`"),
            );
        }
        if port.port == port.upstream.port && proxy.is_at(&port.upstream) {
            let problem = Problem::new(
                &at.name("upstream"),
                format!("`{}` is an address on which Envoy itself listens", port.upstream),
            );
            problems.push(
                problem.help("let the application listen on another port, or Envoy on another `address`"),
            );
        }
    }
}

impl Port {
    fn read(value: &Value, at: &At<'_>, problems: &mut Problems) -> Option<Self> {
        let mut fields = Fields::of(value, at, problems)?;
        let port = number(&mut fields, at, problems);
        let protocol = match fields.text("protocol", problems) {
            Some(text) => PortProtocol::read(text, &at.name("protocol"), problems),
            None => {
                let problem = Problem::new(at, "`protocol` is missing or not a string");
                problems.push(problem.help(
                    "write the protocol of the port, such as `HTTP`, `GRPC`, `TCP` or `HTTPS`; it has no default",
                ));
                None
            }
        };
        let upstream = Endpoint::upstream(&mut fields, at, problems);
        let enforcement = Self::enforcement(&mut fields, protocol, &at.name("enforcement"), problems);
        fields.finish(problems);
        Some(Self {
            port: port?,
            protocol: protocol?,
            upstream: upstream?,
            enforcement,
        })
    }

    fn enforcement(
        fields: &mut Fields<'_, '_>,
        protocol: Option<PortProtocol>,
        at: &At<'_>,
        problems: &mut Problems,
    ) -> Enforcement {
        let Some(word) = fields.text("enforcement", problems) else {
            return Enforcement::default();
        };
        if protocol.is_some_and(PortProtocol::is_http) {
            let problem = Problem::new(
                at,
                "`enforcement` is for connections, but HTTP is decided request by request",
            );
            problems.push(problem.on_key().help("leave it out"));
        }
        Enforcement::read(word, at, problems).unwrap_or_default()
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "whole and within the range of a port"
)]
fn number(fields: &mut Fields<'_, '_>, at: &At<'_>, problems: &mut Problems) -> Option<u16> {
    let at = at.name("port");
    match fields.take("port") {
        Some(Value::Number(number)) if number.fract() == 0.0 && (1.0..=65535.0).contains(number) => {
            Some(*number as u16)
        }
        other => {
            let what = if other.is_some() {
                "is not a port"
            } else {
                "is missing"
            };
            let problem = Problem::new(&at, format!("`port` {what}"));
            problems.push(problem.help("write a number from 1 to 65535, without quotes"));
            None
        }
    }
}
