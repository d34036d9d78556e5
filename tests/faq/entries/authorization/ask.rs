//! Sends a case of a suite as real traffic.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use anyhow::{Result, ensure};
use peerwarden_lab::certificates::{Authority, Certificate};
use peerwarden_lab::client::{Caller, ClientRequest, http, proxy_protocol, tcp};
use peerwarden_traffic::{Protocol, Traffic};

/// The client's first message, which the application echoes.
pub(super) const QUESTION: &str = "what is the balance?\n";

/// The default, as in the simulated Envoy.
const SOURCE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
const DESTINATION: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2));

/// The caller, and its address.
pub(super) struct SuiteCaller {
    caller: Caller,
    address: SocketAddr,
}

/// The answer to a case.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) allowed: bool,
    /// Envoy itself refused the request, ahead of the module.
    pub(super) turned_away: bool,
    /// For a connection, the client's own address, which identifies it in the access log.
    pub(super) local: Option<SocketAddr>,
}

impl SuiteCaller {
    pub(super) fn of(mesh: &Authority, traffic: &Traffic, address: SocketAddr) -> Result<Self> {
        ensure!(
            traffic.jwt.is_none() && traffic.dynamic_metadata.is_empty(),
            "the experiment has no filters for tokens and metadata"
        );
        let caller = match &traffic.tls {
            None => Caller::plaintext(),
            Some(tls) => {
                ensure!(tls.sni.is_none(), "the experiment asks for no server name");
                match &tls.peer {
                    None => Caller::anonymous(mesh)?,
                    Some(peer) => {
                        ensure!(peer.subject.is_empty(), "the experiment gives no subjects");
                        let uris = peer.uri_sans.iter();
                        let certificate =
                            uris.fold(Certificate::nameless(), |certificate, uri| certificate.uri(uri));
                        let names = peer.dns_sans.iter();
                        let certificate = names.fold(certificate, |certificate, name| certificate.dns(name));
                        Caller::workload(mesh, &mesh.issue(certificate)?)?
                    }
                }
            }
        };
        // On such a connection the direct peer is the client that a load balancer names.
        let client = match (traffic.source.ip, traffic.remote_ip) {
            (Some(source), Some(remote)) if source != remote => {
                anyhow::bail!("the experiment has one address of the client only")
            }
            (source, remote) => source.or(remote).unwrap_or(SOURCE),
        };
        let source = SocketAddr::new(client, traffic.source.port.unwrap_or(40_000));
        let destination = SocketAddr::new(
            traffic.destination.ip.unwrap_or(DESTINATION),
            traffic.destination.port.unwrap_or(8080),
        );
        Ok(Self {
            caller: caller.preface(proxy_protocol::header(source, destination, None)),
            address,
        })
    }

    pub(super) async fn ask(&self, traffic: &Traffic, id: &str) -> Result<Answer> {
        match traffic.protocol {
            Protocol::Http => self.request(traffic, id).await,
            Protocol::Tcp => self.connect().await,
        }
    }

    async fn request(&self, traffic: &Traffic, id: &str) -> Result<Answer> {
        let request = traffic.http.clone().unwrap_or_default();
        let method = request.method.as_deref().unwrap_or("GET").parse()?;
        let mut ask = ClientRequest::new(method, request.path.as_deref().unwrap_or("/")).id(id);
        if let Some(host) = &request.host {
            ask = ask.host(host);
        } else {
            ask = ask.host("");
        }
        for (name, lines) in &request.headers {
            for line in lines.iter() {
                ask = ask.header(name, line);
            }
        }
        let reply = http::once(self.address, &self.caller, http::Version::Http1, ask).await?;
        // HTTP/1.1 requires a host.
        let turned_away = request.host.is_none() && reply.status == 400;
        ensure!(
            turned_away || [200, 403, 500].contains(&reply.status),
            "neither served nor denied: {reply:?}"
        );
        Ok(Answer {
            allowed: reply.status == 200,
            turned_away,
            local: None,
        })
    }

    async fn connect(&self) -> Result<Answer> {
        let mut connection = tcp::Connection::open(self.address, &self.caller).await?;
        let local = connection.local_address();
        let received = connection.echo(QUESTION).await?;
        ensure!(
            received.nothing() || received.text() == QUESTION,
            "half an answer: {received:?}"
        );
        Ok(Answer {
            allowed: !received.nothing(),
            turned_away: false,
            local: Some(local),
        })
    }
}
