//! Traffic for the simulated Envoy.

use std::net::SocketAddr;

use peerwarden_host::{Connection, PeerCertificate, Request, Tls};
use peerwarden_traffic::{Protocol, Traffic};

/// Filter state with the direct peer's address for the module, if `source.address` is another one.
const DIRECT_REMOTE_ADDRESS: &str = "peerwarden.direct_remote_address";

/// Filter state with the peer of a waypoint's connection.
const PEER_PRINCIPAL: &str = "io.istio.peer_principal";

/// A connection and, for HTTP, the request on it.
#[derive(Debug, Clone)]
pub(crate) struct SimulatedTraffic {
    pub(crate) connection: Connection,
    pub(crate) request: Option<Request>,
}

impl From<&Traffic> for SimulatedTraffic {
    fn from(traffic: &Traffic) -> Self {
        let source = SocketAddr::from(traffic.source());
        // An address that Envoy derives from a header has no port.
        let remote = (traffic.remote_ip() != source.ip()).then(|| SocketAddr::new(traffic.remote_ip(), 0));
        let mut connection = Connection {
            source,
            destination: SocketAddr::from(traffic.destination()),
            tls: traffic.tls.as_ref().map(|tls| Tls {
                sni: tls.sni.clone(),
                peer: tls.peer.as_ref().map(|peer| PeerCertificate {
                    uri_sans: peer.uri_sans.clone(),
                    dns_sans: peer.dns_sans.clone(),
                    subject: peer.subject.clone(),
                    ..PeerCertificate::default()
                }),
                ..Tls::default()
            }),
            dynamic_metadata: traffic.metadata(),
            ..Connection::default()
        };
        // The principal that the tunnel to a waypoint verified; modules of other workloads ignore it.
        let principal = traffic
            .tls
            .as_ref()
            .and_then(|tls| tls.peer.as_ref()?.uri_sans.first());
        if let Some(principal) = principal {
            connection
                .filter_state
                .insert(PEER_PRINCIPAL.to_owned(), principal.clone().into_bytes());
        }
        if remote.is_some() {
            let direct = source.to_string().into_bytes();
            connection
                .filter_state
                .insert(DIRECT_REMOTE_ADDRESS.to_owned(), direct);
        }
        match traffic.protocol {
            Protocol::Tcp => {
                // After the PROXY protocol, `source.address` is the address in its header.
                connection.source = remote.unwrap_or(source);
                Self {
                    connection,
                    request: None,
                }
            }
            Protocol::Http => {
                let headers = traffic.headers().into_iter();
                let request = Request {
                    headers: headers
                        .map(|(name, value)| (name.into_bytes(), value.into_bytes()))
                        .collect(),
                    remote,
                    ..Request::default()
                };
                Self {
                    connection,
                    request: Some(request),
                }
            }
        }
    }
}
