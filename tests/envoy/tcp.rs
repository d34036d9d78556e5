//! TCP: one decision for each connection, before a byte passes in either direction.

use std::net::SocketAddr;
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
    BACKEND, FRONTEND, Mesh, allow_principal, configuration, module, peer_authentication, policy,
};

const QUESTION: &str = "what is the balance?\n";

fn with(connect_mode: ConnectMode, bytes: u32) -> Tcp {
    Tcp {
        connect_mode,
        max_early_data_bytes: Some(bytes),
        ..Tcp::default()
    }
}

/// Sends, and returns the reply; `None` is an end without a byte.
async fn ask(address: SocketAddr, caller: &Caller) -> Result<Option<String>> {
    let received = tcp::Connection::open(address, caller)
        .await?
        .echo(QUESTION)
        .await?;
    Ok((!received.nothing()).then(|| received.text()))
}

/// An Envoy with a listener for each connect mode, all for the backend.
async fn one_listener_each(mesh: &Mesh, modes: &[(&str, Tcp)], upstream: &TcpEcho) -> Result<Envoy> {
    let mut bootstrap = Bootstrap::new();
    for (name, tcp) in modes {
        let resources = json!([allow_principal("backend", BACKEND)]);
        let listener = Listener::tcp(name, Transport::mutual(&mesh.server), upstream.address())
            .protocol(Protocol::Tcp(tcp.clone()))
            .module(module(configuration("tcp", resources))?);
        bootstrap = bootstrap.listener(listener);
    }
    Envoy::start(bootstrap).await
}

#[tokio::test]
async fn a_client_first_protocol_is_for_those_who_may() -> Result<()> {
    let modes = [
        ("default", Tcp::immediate()),
        ("early data", with(ConnectMode::Immediate, 1024)),
        ("at data", with(ConnectMode::OnDownstreamData, 1024)),
        ("after handshake", with(ConnectMode::OnDownstreamTlsHandshake, 0)),
    ];
    let mesh = Mesh::new()?;
    let upstream = TcpEcho::start().await?;
    let envoy = one_listener_each(&mesh, &modes, &upstream).await?;
    for (name, _) in modes {
        let address = envoy.address(name)?;
        assert_eq!(
            ask(address, &mesh.caller(BACKEND)?).await?.as_deref(),
            Some(QUESTION),
            "{name}"
        );
        let reached = upstream.traffic().bytes;
        assert_eq!(ask(address, &mesh.caller(FRONTEND)?).await?, None, "{name}");
        assert_eq!(ask(address, &mesh.partner()?).await?, None, "{name}");
        assert_eq!(
            upstream.traffic().bytes,
            reached,
            "{name}: bytes of the denied reached the upstream"
        );
    }
    Ok(())
}

/// However a denied client behaves, the module must not trap: a trap would cost every other connection of that worker.
#[tokio::test]
async fn a_denied_client_cannot_spoil_it_for_the_others() -> Result<()> {
    let modes = [
        ("default", Tcp::immediate()),
        ("at data", with(ConnectMode::OnDownstreamData, 1024)),
        ("after handshake", with(ConnectMode::OnDownstreamTlsHandshake, 0)),
    ];
    let mesh = Mesh::new()?;
    let upstream = TcpEcho::start().await?;
    let envoy = one_listener_each(&mesh, &modes, &upstream).await?;
    for (name, _) in modes {
        let address = envoy.address(name)?;
        let open = async || tcp::Connection::open(address, &mesh.caller(FRONTEND)?).await;
        // Data and its end together; only the end; a lot of data; no data; hang-up in the middle.
        let mut at_once = open().await?;
        at_once.send(QUESTION).await?;
        at_once.finish().await?;
        open().await?.finish().await?;
        open().await?.send(&"x".repeat(1_000_000)).await?;
        drop(open().await?);
        let mut gone = open().await?;
        gone.send(QUESTION).await?;
        drop(gone);
        assert!(
            at_once
                .receive(1, peerwarden_lab::deadline::EXCHANGE)
                .await?
                .nothing(),
            "{name}"
        );
        for _ in 0..3 {
            assert_eq!(
                ask(address, &mesh.caller(BACKEND)?).await?.as_deref(),
                Some(QUESTION),
                "{name}"
            );
        }
    }
    let log = envoy.log();
    assert!(!log.contains("unreachable"), "the module trapped:\n{log}");
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
    ledger.envoy.counted(&[("allowed", 1)]).await
}

#[tokio::test]
async fn strict_turns_away_who_shows_no_certificate() -> Result<()> {
    let mesh = Mesh::new()?;
    let upstream = TcpEcho::start().await?;
    let modes = [("STRICT", None), ("PERMISSIVE", Some(QUESTION))];
    let mut bootstrap = Bootstrap::new();
    for (mode, _) in modes {
        let everybody = policy("everybody", "ALLOW", json!([{}]));
        let resources = json!([everybody, peer_authentication(mode)]);
        let transport = Transport::Permissive(mesh.server.clone(), ClientCertificate::Optional);
        let listener = Listener::tcp(mode, transport, upstream.address());
        bootstrap = bootstrap.listener(listener.module(module(configuration("tcp", resources))?));
    }
    let envoy = Envoy::start(bootstrap).await?;
    let frontend = mesh.caller(FRONTEND)?;
    let anonymous = Caller::anonymous(&mesh.authority)?;
    for (mode, without) in modes {
        let address = envoy.address(mode)?;
        assert_eq!(
            ask(address, &frontend).await?.as_deref(),
            Some(QUESTION),
            "{mode}"
        );
        assert_eq!(
            ask(address, &Caller::plaintext()).await?.as_deref(),
            without,
            "{mode}: plaintext"
        );
        assert_eq!(
            ask(address, &anonymous).await?.as_deref(),
            without,
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
    let rules = json!([{"when": [{"key": "connection.sni", "values": ["ledger.mesh.lab"]}]}]);
    let resources = json!([policy("by-name", "ALLOW", rules)]);
    let upstream = TcpEcho::start().await?;
    let inspected = Transport::Inspected(mesh.server.clone(), ClientCertificate::Required);
    // Without a `tls_inspector` Envoy sees no name, as if no client had sent one.
    let transports = [
        ("inspected", inspected, Some(QUESTION)),
        ("not inspected", Transport::mutual(&mesh.server), None),
    ];
    let mut bootstrap = Bootstrap::new();
    for (name, transport, _) in &transports {
        let listener = Listener::tcp(name, transport.clone(), upstream.address());
        let module = module(configuration("tcp", resources.clone()))?;
        bootstrap = bootstrap.listener(listener.module(module));
    }
    let envoy = Envoy::start(bootstrap).await?;
    let named = mesh.caller(BACKEND)?.server_name("ledger.mesh.lab");
    let other = mesh.caller(BACKEND)?.server_name("other.mesh.lab");
    for (name, _, reply) in transports {
        let address = envoy.address(name)?;
        assert_eq!(ask(address, &named).await?.as_deref(), reply, "{name}");
        assert_eq!(ask(address, &other).await?, None, "{name}");
    }
    Ok(())
}

#[tokio::test]
async fn who_says_nothing_is_not_answered() -> Result<()> {
    let mesh = Mesh::new()?;
    let resources = json!([allow_principal("backend", BACKEND)]);
    let protocol = Protocol::Tcp(with(ConnectMode::OnDownstreamData, 1024));
    let upstream = TcpEcho::greeting("hello").await?;
    let listener = Listener::tcp("ledger", Transport::mutual(&mesh.server), upstream.address())
        .protocol(protocol)
        .module(module(configuration("tcp", resources))?);
    let envoy = Envoy::start(Bootstrap::new().listener(listener)).await?;
    let mut silent = tcp::Connection::open(envoy.address("ledger")?, &mesh.caller(FRONTEND)?).await?;
    let received = silent.receive(1, Duration::from_millis(500)).await?;
    assert_eq!(received.end, tcp::ConnectionEnd::Silent, "{received:?}");
    // No upstream connection is made for a client that has not been decided on.
    assert_eq!(upstream.traffic().connections, 0);
    Ok(())
}
