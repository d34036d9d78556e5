//! A server of a `Gateway`: a port, its hosts, and how its TLS ends there.

use peerwarden_engine::document::{At, Fields, Path, Value, nearest, quoted};
use peerwarden_engine::{Problem, Problems};

use super::host::Host;
use super::route::read_hosts;
use super::tls;
use crate::description::{Certificates, port_number, required, shown};
use crate::transport::ServerTls;

/// A server.
#[derive(Debug)]
pub(super) struct Server {
    /// Its place, for messages.
    pub(super) place: Path,
    /// Namespace and name of its `Gateway`.
    pub(super) gateway: String,
    pub(super) port: u16,
    pub(super) hosts: Vec<Host>,
    pub(super) does: ServerAction,
}

/// What a server does with its clients.
#[derive(Debug)]
pub(super) enum ServerAction {
    /// It accepts plaintext, and redirects to TLS.
    Redirects,
    /// It terminates TLS, and serves the requests in it.
    Serves(Box<ServerTls>),
}

/// Protocols of Istio beside HTTP and HTTPS.
const OTHER_PROTOCOLS: [&str; 6] = ["HTTP2", "GRPC", "GRPC-WEB", "TLS", "TCP", "MONGO"];

impl Server {
    /// Whether plaintext is accepted, if only to redirect it.
    pub(super) fn is_plaintext(&self) -> bool {
        match self.does {
            ServerAction::Redirects => true,
            ServerAction::Serves(_) => false,
        }
    }

    pub(super) fn read(
        value: &Value,
        at: &At<'_>,
        gateway: &str,
        credentials: &Certificates,
        problems: &mut Problems,
    ) -> Option<Self> {
        let mut fields = Fields::of(value, at, problems)?;
        fields.ignore(&["name"]);
        for (name, help) in [
            ("bind", "write `address` in the description, for all ports"),
            ("defaultEndpoint", "write `routes` in the description"),
        ] {
            if fields.take(name).is_some() {
                let problem = Problem::new(&at.name(name), format!("`{name}` is not supported")).on_key();
                problems.push(problem.help(help));
            }
        }
        let hosts = read_hosts(&mut fields, at, problems);
        let at_port = at.name("port");
        let port = fields.take("port");
        if port.is_none() {
            let problem = Problem::new(at, "`port` is missing");
            problems.push(problem.help("write `port: {number: 443, name: https, protocol: HTTPS}`"));
        }
        let port = port.and_then(|value| read_port(value, &at_port, problems));
        let at_tls = at.name("tls");
        let settings = fields.take("tls");
        fields.finish(problems);
        let (port, protocol) = port?;
        let does = match protocol {
            Protocol::Http => {
                tls::read_redirect(settings, &at_tls, at, problems).then_some(ServerAction::Redirects)
            }
            Protocol::Https => tls::read(settings, &at_tls, at, credentials, problems)
                .map(|tls| ServerAction::Serves(Box::new(tls))),
        };
        Some(Self {
            place: at.path(),
            gateway: gateway.to_owned(),
            port,
            hosts,
            does: does?,
        })
    }
}

/// The protocol of a port.
enum Protocol {
    Http,
    Https,
}

fn read_port(value: &Value, at: &At<'_>, problems: &mut Problems) -> Option<(u16, Protocol)> {
    let mut fields = Fields::of(value, at, problems)?;
    fields.ignore(&["name"]);
    if fields.take("targetPort").is_some() {
        let problem = Problem::new(&at.name("targetPort"), "`targetPort` is not supported").on_key();
        problems.push(problem.help("Envoy listens on `number`"));
    }
    let number = match fields.take("number") {
        Some(value) => port_number(value, &at.name("number"), problems),
        None => {
            problems
                .push(Problem::new(at, "`number` is missing").help("write the port that clients connect to"));
            None
        }
    };
    let protocol = required(&mut fields, "protocol", at, problems);
    fields.finish(problems);
    let protocol = protocol.and_then(|text| {
        let at = at.name("protocol");
        match text.to_ascii_uppercase().as_str() {
            "HTTP" => return Some(Protocol::Http),
            "HTTPS" => return Some(Protocol::Https),
            "TLS" => {
                let problem = Problem::new(&at, "servers with the protocol `TLS` are not supported");
                problems.push(problem.help(
                    "write `HTTPS` to end TLS here; for an application that ends TLS itself, use `render inbound` \
                     and a port with the protocol `TLS`",
                ));
            }
            other if OTHER_PROTOCOLS.contains(&other) => {
                let problem = Problem::new(&at, format!("`{}` has no TLS", shown(&text)));
                problems.push(problem.help("write `HTTPS`: this ingress accepts only TLS"));
            }
            _ => {
                let known = ["HTTP", "HTTPS"];
                let problem = Problem::new(&at, format!("unknown protocol `{}`", shown(&text)));
                problems.push(match nearest(&text, known) {
                    Some(name) => problem.help(format!("did you mean `{name}`?")),
                    None => problem.help(format!("supported: {}", quoted(&known))),
                });
            }
        }
        None
    });
    Some((number?, protocol?))
}
