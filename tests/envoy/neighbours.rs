//! Plugins that share a VM: one with the other chain's `protocol` denies and logs it, and the others are not affected.

use std::net::SocketAddr;

use anyhow::Result;
use peerwarden_lab::client::{Caller, ClientRequest, http, tcp};
use peerwarden_lab::config::{Bootstrap, Listener, Protocol, Transport};
use peerwarden_lab::deadline;
use peerwarden_lab::envoy::Envoy;
use peerwarden_lab::upstream::{HttpEcho, TcpEcho};
use serde_json::json;

use crate::fixture::{BACKEND, FRONTEND, Mesh, after_handshake, allow_principal, configuration, module};

const QUESTION: &str = "what is the balance?\n";

/// Two correct listeners, and one with each of the two mistakes, in one VM.
struct Neighbours {
    envoy: Envoy,
    frontend: Caller,
    backend: Caller,
    /// Behind the incorrect ones.
    http: HttpEcho,
    tcp: TcpEcho,
    _others: (HttpEcho, TcpEcho),
}

impl Neighbours {
    async fn start() -> Result<Self> {
        let mesh = Mesh::new()?;
        let (http, tcp) = (HttpEcho::start().await?, TcpEcho::start().await?);
        let others = (HttpEcho::start().await?, TcpEcho::start().await?);
        let mutual = || Transport::mutual(&mesh.server);
        let of = |protocol| {
            module(configuration(
                protocol,
                json!([allow_principal("backend", BACKEND)]),
            ))
        };
        let dials = after_handshake()?;
        let tcp_listener = |name: &str, address: SocketAddr| {
            Listener::tcp(name, mutual(), address).protocol(Protocol::Tcp(dials.clone()))
        };
        let listeners = [
            Listener::http("orders", mutual(), others.0.address()).module(of("http")?),
            Listener::http("http, mistaken", mutual(), http.address()).module(of("tcp")?),
            tcp_listener("ledger", others.1.address()).module(of("tcp")?),
            tcp_listener("tcp, mistaken", tcp.address()).module(of("http")?),
        ];
        let bootstrap = listeners.into_iter().fold(Bootstrap::new(), Bootstrap::listener);
        Ok(Self {
            envoy: Envoy::start(bootstrap).await?,
            frontend: mesh.caller(FRONTEND)?,
            backend: mesh.caller(BACKEND)?,
            http,
            tcp,
            _others: others,
        })
    }

    fn address(&self, listener: &str) -> Result<SocketAddr> {
        self.envoy.address(listener)
    }

    async fn status(&self, listener: &str, caller: &Caller) -> Result<u16> {
        let version = http::Version::Http1;
        let reply = http::once(
            self.address(listener)?,
            caller,
            version,
            ClientRequest::get("/orders"),
        )
        .await?;
        Ok(reply.status)
    }

    /// Whether any byte comes back before the connection ends.
    async fn answers(&self, listener: &str, caller: &Caller) -> Result<bool> {
        let Ok(mut connection) = tcp::Connection::open(self.address(listener)?, caller).await else {
            return Ok(false);
        };
        if connection.send(QUESTION).await.is_err() {
            return Ok(false);
        }
        let received = connection.receive(QUESTION.len(), deadline::EXCHANGE).await;
        Ok(received.is_ok_and(|received| !received.nothing()))
    }
}

#[tokio::test]
async fn one_in_the_wrong_chain_denies_and_its_neighbours_go_on() -> Result<()> {
    let mesh = Neighbours::start().await?;
    let mut open = tcp::Connection::open(mesh.address("ledger")?, &mesh.backend).await?;
    assert_eq!(open.echo(QUESTION).await?.text(), QUESTION);
    for _ in 0..3 {
        for caller in [&mesh.backend, &mesh.frontend] {
            assert_eq!(mesh.status("http, mistaken", caller).await?, 403);
            assert!(!mesh.answers("tcp, mistaken", caller).await?);
        }
        assert_eq!(mesh.status("orders", &mesh.backend).await?, 200);
        assert_eq!(mesh.status("orders", &mesh.frontend).await?, 403);
        assert!(mesh.answers("ledger", &mesh.backend).await?);
        assert!(!mesh.answers("ledger", &mesh.frontend).await?);
        assert_eq!(open.echo(QUESTION).await?.text(), QUESTION);
    }
    assert_eq!((mesh.http.seen().len(), mesh.tcp.traffic().connections), (0, 0));
    mesh.envoy
        .logged(r#"`protocol` is `tcp`, but this plugin is in a chain of http filters"#)
        .await?;
    mesh.envoy
        .logged(r#"set `"protocol": "tcp"` in its configuration"#)
        .await?;
    let log = mesh.envoy.log();
    assert!(!log.contains("unreachable"), "the module trapped:\n{log}");
    Ok(())
}
