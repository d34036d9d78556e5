//! TCP: one decision for each connection, before a byte passes in either direction.

use std::time::Duration;

use anyhow::Result;
use peerwarden_lab::client::{Caller, tcp};
use peerwarden_lab::config::{
    Bootstrap, ClientCertificate, ConnectMode, Listener, Port, Protocol, Tcp, Transport,
};
use peerwarden_lab::envoy::Envoy;
use peerwarden_lab::upstream::TcpEcho;
use serde_json::json;

use crate::fixture::{
    BACKEND, FRONTEND, Ledger, Mesh, allow_principal, configuration, module, peer_authentication, policy,
};

const QUESTION: &str = "what is the balance?\n";

impl Ledger {
    /// Sends, and answers what came back; `None` is an end without a single byte.
    async fn ask(&self, caller: &Caller) -> Result<Option<String>> {
        let mut connection = tcp::Connection::open(self.envoy.address("ledger")?, caller).await?;
        let received = connection.echo(QUESTION).await?;
        Ok((!received.nothing()).then(|| received.text()))
    }
}

/// Every way in which `tcp_proxy` may dial.
fn modes() -> [Tcp; 4] {
    let mode = |connect_mode, bytes| Tcp {
        connect_mode,
        max_early_data_bytes: Some(bytes),
        ..Tcp::default()
    };
    [
        Tcp::immediate(),
        mode(ConnectMode::Immediate, 1024),
        mode(ConnectMode::OnDownstreamData, 1024),
        mode(ConnectMode::OnDownstreamTlsHandshake, 0),
    ]
}

#[tokio::test]
async fn a_client_first_protocol_is_for_those_who_may() -> Result<()> {
    let mesh = Mesh::new()?;
    for tcp in modes() {
        let how = format!("{tcp:?}");
        let resources = json!([allow_principal("backend", BACKEND)]);
        let ledger = mesh
            .ledger(resources, tcp, Transport::mutual(&mesh.server), "")
            .await?;
        assert_eq!(
            ledger.ask(&mesh.caller(BACKEND)?).await?.as_deref(),
            Some(QUESTION),
            "{how}"
        );
        let reached = ledger.upstream.traffic().bytes;
        assert_eq!(ledger.ask(&mesh.caller(FRONTEND)?).await?, None, "{how}");
        assert_eq!(ledger.ask(&mesh.partner()?).await?, None, "{how}");
        assert_eq!(
            ledger.upstream.traffic().bytes,
            reached,
            "{how}: bytes of the denied reached the upstream"
        );
    }
    Ok(())
}

#[tokio::test]
async fn an_allowed_connection_stays_allowed() -> Result<()> {
    let mesh = Mesh::new()?;
    let resources = json!([allow_principal("backend", BACKEND)]);
    let ledger = mesh
        .ledger(resources, Tcp::default(), Transport::mutual(&mesh.server), "")
        .await?;
    let mut connection =
        tcp::Connection::open(ledger.envoy.address("ledger")?, &mesh.caller(BACKEND)?).await?;
    for size in [1, 10, 100_000, 7] {
        let text = "x".repeat(size);
        assert_eq!(connection.echo(&text).await?.text(), text);
    }
    assert_eq!(
        ledger.envoy.stats().await?.count("wasmcustom.peerwarden.allowed"),
        1
    );
    Ok(())
}

#[tokio::test]
async fn strict_turns_away_who_shows_no_certificate() -> Result<()> {
    let mesh = Mesh::new()?;
    let everybody = policy("everybody", "ALLOW", json!([{}]));
    for (mode, welcome) in [("STRICT", false), ("PERMISSIVE", true)] {
        let resources = json!([everybody, peer_authentication(mode)]);
        let transport = Transport::Permissive(mesh.server.clone(), ClientCertificate::Optional);
        let ledger = mesh.ledger(resources, Tcp::default(), transport, "").await?;
        let expected = welcome.then(|| QUESTION.to_owned());
        assert_eq!(
            ledger.ask(&mesh.caller(FRONTEND)?).await?.as_deref(),
            Some(QUESTION),
            "{mode}"
        );
        assert_eq!(
            ledger.ask(&Caller::plaintext()).await?,
            expected,
            "{mode}: plaintext"
        );
        assert_eq!(
            ledger.ask(&Caller::anonymous(&mesh.authority)?).await?,
            expected,
            "{mode}: no certificate"
        );
    }
    Ok(())
}

#[tokio::test]
async fn ports_are_those_of_the_listener() -> Result<()> {
    let mesh = Mesh::new()?;
    let upstream = TcpEcho::start().await?;
    let port = Port::reserve()?;
    let rules = json!([{"to": [{"operation": {"ports": [port.number().to_string()]}}]}]);
    let configuration = configuration("tcp", json!([policy("one-port", "ALLOW", rules)]));
    let listener = |name| {
        let listener = Listener::tcp(name, Transport::mutual(&mesh.server), upstream.address());
        anyhow::Ok(listener.module(module(configuration.clone())?))
    };
    let bootstrap = Bootstrap::new()
        .listener(listener("named")?.port(&port))
        .listener(listener("other")?);
    let envoy = Envoy::start(bootstrap).await?;
    let caller = mesh.caller(BACKEND)?;
    let mut named = tcp::Connection::open(envoy.address("named")?, &caller).await?;
    assert_eq!(named.echo(QUESTION).await?.text(), QUESTION);
    let mut other = tcp::Connection::open(envoy.address("other")?, &caller).await?;
    assert!(other.echo(QUESTION).await?.nothing());
    Ok(())
}

#[tokio::test]
async fn the_server_name_that_was_asked_for_counts() -> Result<()> {
    let mesh = Mesh::new()?;
    let rules = json!([{"when": [{"key": "connection.sni", "values": ["ledger.lab"]}]}]);
    let resources = json!([policy("by-name", "ALLOW", rules)]);
    let ledger = mesh
        .ledger(resources, Tcp::default(), Transport::mutual(&mesh.server), "")
        .await?;
    let caller = mesh.caller(BACKEND)?;
    assert_eq!(
        ledger
            .ask(&caller.clone().server_name("ledger.lab"))
            .await?
            .as_deref(),
        Some(QUESTION)
    );
    assert_eq!(ledger.ask(&caller.server_name("other.lab")).await?, None);
    Ok(())
}

#[tokio::test]
async fn who_says_nothing_is_not_answered() -> Result<()> {
    let mesh = Mesh::new()?;
    let resources = json!([allow_principal("backend", BACKEND)]);
    let protocol = Protocol::Tcp(Tcp {
        connect_mode: ConnectMode::OnDownstreamData,
        max_early_data_bytes: Some(1024),
        ..Tcp::default()
    });
    let upstream = TcpEcho::greeting("hello").await?;
    let listener = Listener::tcp("ledger", Transport::mutual(&mesh.server), upstream.address())
        .protocol(protocol)
        .module(module(configuration("tcp", resources))?);
    let envoy = Envoy::start(Bootstrap::new().listener(listener)).await?;
    let mut silent = tcp::Connection::open(envoy.address("ledger")?, &mesh.caller(FRONTEND)?).await?;
    let received = silent.receive(1, Duration::from_millis(500)).await?;
    assert_eq!(received.end, tcp::End::Silent, "{received:?}");
    // Nothing is dialled for a client that has not been decided on.
    assert_eq!(upstream.traffic().connections, 0);
    Ok(())
}
