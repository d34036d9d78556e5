//! One Envoy with two listeners for each set of policies: one with Envoy's own filter, one with the module, and
//! otherwise the same.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result};
use peerwarden_lab::certificates::{Authority, Certificate};
use peerwarden_lab::client::Caller;
use peerwarden_lab::config::{
    Bootstrap, ClientCertificate, Http, Listener, Module, Protocol, ProxyProtocol, ServerTls, Tcp, Transport,
    typed,
};
use peerwarden_lab::envoy::{Envoy, Launch};
use peerwarden_lab::upstream::{HttpEcho, TcpEcho};
use peerwarden_lab::{locate, native};
use serde_json::{Value, json};

use crate::case::{
    CAST, Credential, HTTP_METADATA, Layer, METADATA_HEADER, Member, PROXY_VALUE, PolicySet, TCP_METADATA,
    TOKEN_HEADER,
};

/// For an Envoy with that many listeners to start, on a busy machine.
const START: Duration = Duration::from_secs(120);

/// The callers, and the server that they call; the same for all sets.
pub(crate) struct Participants {
    server: ServerTls,
    callers: Vec<Caller>,
    http: HttpEcho,
    tcp: TcpEcho,
}

/// An Envoy with the listeners of some sets.
pub(crate) struct Stage {
    pub(crate) envoy: Envoy,
    pub(crate) pairs: Vec<Pair>,
}

/// The two listeners of one set.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pair {
    native: SocketAddr,
    module: SocketAddr,
}

/// One of the two filters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Native,
    Module,
}

impl Participants {
    pub(crate) async fn gather() -> Result<Self> {
        let mesh = Authority::new("mesh")?;
        let partner = Authority::new("partner")?;
        let identity = Certificate::spiffe("spiffe://cluster.local/ns/shop/sa/orders");
        let server = ServerTls::issue(&mesh, identity, &[&mesh, &partner])?;
        let callers = CAST.iter().map(|member| caller(member, &mesh, &partner));
        Ok(Self {
            server,
            callers: callers.collect::<Result<_>>()?,
            http: HttpEcho::start().await?,
            tcp: TcpEcho::start().await?,
        })
    }

    pub(crate) fn caller(&self, member: usize) -> Caller {
        self.callers[member].clone()
    }

    fn listener(&self, name: &str, set: &PolicySet, side: Side) -> Result<Listener> {
        let native = match side {
            Side::Native => native::filters(&set.policies, &set.mesh, set.layer),
            Side::Module => Vec::new(),
        };
        let transport = Transport::Permissive(self.server.clone(), ClientCertificate::Optional);
        let listener = match set.layer {
            Layer::Http => {
                let mut before = vec![header_to_metadata()];
                before.extend(native);
                // Paths are compared unchanged; Envoy normalises them ahead of both.
                let http = Http {
                    use_remote_address: set.addresses.use_remote_address,
                    xff_num_trusted_hops: set.addresses.trusted_hops,
                    direct_remote_address: true,
                    before,
                    ..Http::as_it_comes()
                };
                Listener::http(name, transport, self.http.address()).protocol(Protocol::Http(http))
            }
            Layer::Tcp => {
                let mut before = vec![Tcp::set_direct_remote_address()];
                before.extend(native);
                let tcp = Tcp {
                    before,
                    ..Tcp::default()
                };
                Listener::tcp(name, transport, self.tcp.address()).protocol(Protocol::Tcp(tcp))
            }
        };
        let (filter, key) = TCP_METADATA;
        let listener = listener.proxy_protocol(ProxyProtocol {
            values: vec![(PROXY_VALUE, filter.to_owned(), key.to_owned())],
        });
        Ok(match side {
            Side::Native => listener,
            Side::Module => listener.module(Module::new(locate::module()?, set.configuration())),
        })
    }
}

impl Stage {
    /// Starts an Envoy for these sets.
    pub(crate) async fn open<'s>(
        company: &Participants,
        sets: impl IntoIterator<Item = &'s PolicySet>,
    ) -> Result<Self> {
        let mut bootstrap = Bootstrap::new();
        let mut count = 0;
        for set in sets {
            for side in [Side::Native, Side::Module] {
                bootstrap = bootstrap.listener(company.listener(&side.name(count), set, side)?);
            }
            count += 1;
        }
        let envoy = Envoy::launch(Launch::bootstrap(bootstrap).patience(START)).await?;
        let pair = |set| {
            Ok(Pair {
                native: envoy.address(&Side::Native.name(set))?,
                module: envoy.address(&Side::Module.name(set))?,
            })
        };
        let pairs = (0..count).map(pair).collect::<Result<_>>()?;
        Ok(Self { envoy, pairs })
    }
}

impl Pair {
    pub(crate) fn of(self, side: Side) -> SocketAddr {
        match side {
            Side::Native => self.native,
            Side::Module => self.module,
        }
    }
}

impl Side {
    /// The listener's name.
    pub(crate) fn name(self, set: usize) -> String {
        match self {
            Self::Native => format!("{set}-native"),
            Self::Module => format!("{set}-module"),
        }
    }
}

fn caller(member: &Member, mesh: &Authority, partner: &Authority) -> Result<Caller> {
    let authority = match member.credential {
        Credential::Plaintext => return Ok(Caller::plaintext()),
        Credential::Anonymous => return Caller::anonymous(mesh),
        Credential::Mesh => mesh,
        Credential::Partner => partner,
    };
    let mut certificate = Certificate::nameless();
    for uri in member.uri_sans {
        certificate = certificate.uri(uri);
    }
    for name in member.dns_sans {
        certificate = certificate.dns(name);
    }
    if !member.common_name.is_empty() {
        certificate = certificate.common_name(member.common_name);
    }
    let identity = authority
        .issue(certificate)
        .with_context(|| format!("{member:?}"))?;
    Caller::workload(mesh, &identity)
}

/// The filter that turns a request's headers into metadata, so that all kinds of tokens can be tested with both
/// filters.
fn header_to_metadata() -> Value {
    let rule = |header: &str, (filter, key): (&str, &str)| {
        json!({
            "header": header,
            "on_header_present": {
                "metadata_namespace": filter, "key": key, "type": "PROTOBUF_VALUE", "encode": "BASE64",
            },
        })
    };
    let rules = [
        rule(TOKEN_HEADER, ("envoy.filters.http.jwt_authn", "payload")),
        rule(METADATA_HEADER, HTTP_METADATA),
    ];
    let kind = "envoy.extensions.filters.http.header_to_metadata.v3.Config";
    let config = typed(kind, json!({ "request_rules": rules }));
    json!({"name": "envoy.filters.http.header_to_metadata", "typed_config": config})
}
