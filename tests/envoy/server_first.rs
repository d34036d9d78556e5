//! Protocols in which the server sends first: a denied caller must not see the greeting either.

use std::time::Duration;

use anyhow::Result;
use peerwarden_lab::client::{Caller, tcp};
use peerwarden_lab::config::{Bootstrap, ClientCertificate, Listener, Protocol, Tcp, Transport};
use peerwarden_lab::deadline;
use peerwarden_lab::envoy::Envoy;
use peerwarden_lab::upstream::TcpEcho;
use serde_json::json;

use crate::fixture::{
    BACKEND, FRONTEND, Ledger, Mesh, allow_principal, configuration, module, peer_authentication, policy,
};

const GREETING: &str = "220 ledger.lab ready\r\n";

impl Ledger {
    async fn greeting(&self, caller: &Caller) -> Result<tcp::ReceivedBytes> {
        let mut connection = tcp::Connection::open(self.envoy.address("ledger")?, caller).await?;
        connection.receive(GREETING.len(), deadline::EXCHANGE).await
    }
}

async fn ledger(mesh: &Mesh, tcp: Tcp) -> Result<Ledger> {
    let resources = json!([allow_principal("backend", BACKEND)]);
    mesh.ledger(resources, tcp, Transport::mutual(&mesh.server), GREETING)
        .await
}

#[tokio::test]
async fn dialled_after_the_handshake_the_greeting_is_for_those_who_may() -> Result<()> {
    let mesh = Mesh::new()?;
    let ledger = ledger(&mesh, Tcp::default()).await?;
    for _ in 0..5 {
        let backend = ledger.greeting(&mesh.caller(BACKEND)?).await?;
        assert_eq!(backend.text(), GREETING, "{backend:?}");
        let frontend = ledger.greeting(&mesh.caller(FRONTEND)?).await?;
        assert!(frontend.nothing(), "{frontend:?}");
    }
    // The upstream has greeted all of them: the module kept it from the denied ones.
    assert_eq!(ledger.upstream.traffic().connections, 10);
    Ok(())
}

#[tokio::test]
async fn dialled_at_accept_the_denied_get_nothing_either() -> Result<()> {
    let mesh = Mesh::new()?;
    let ledger = ledger(&mesh, Tcp::immediate()).await?;
    // The upstream sends before, during or after the handshake, which may then fail.
    for hesitation in [0, 0, 0, 1, 2, 5, 300] {
        let caller = mesh
            .caller(FRONTEND)?
            .hesitating(Duration::from_millis(hesitation));
        match ledger.greeting(&caller).await {
            Ok(received) => assert!(received.nothing(), "{hesitation} ms: {received:?}"),
            Err(error) => assert!(
                format!("{error:#}").contains("handshake"),
                "{hesitation} ms: {error:#}"
            ),
        }
    }
    // The operator is told what to do.
    ledger.envoy.logged("ON_DOWNSTREAM_TLS_HANDSHAKE").await?;
    Ok(())
}

#[tokio::test]
async fn a_slow_handshake_changes_nothing() -> Result<()> {
    let mesh = Mesh::new()?;
    let ledger = ledger(&mesh, Tcp::default()).await?;
    let slow = Duration::from_millis(300);
    let backend = ledger.greeting(&mesh.caller(BACKEND)?.hesitating(slow)).await?;
    assert_eq!(backend.text(), GREETING, "{backend:?}");
    let frontend = ledger.greeting(&mesh.caller(FRONTEND)?.hesitating(slow)).await?;
    assert!(frontend.nothing(), "{frontend:?}");
    Ok(())
}

#[tokio::test]
async fn a_silent_plaintext_client_is_greeted_only_where_plaintext_may_come_in() -> Result<()> {
    let mesh = Mesh::new()?;
    let upstream = TcpEcho::greeting(GREETING).await?;
    let mut bootstrap = Bootstrap::new();
    for mode in ["STRICT", "PERMISSIVE"] {
        let everybody = policy("everybody", "ALLOW", json!([{}]));
        let resources = json!([everybody, peer_authentication(mode)]);
        let transport = Transport::Permissive(mesh.server.clone(), ClientCertificate::Optional);
        let listener = Listener::tcp(mode, transport, upstream.address());
        bootstrap = bootstrap.listener(listener.module(module(configuration("tcp", resources))?));
    }
    let envoy = Envoy::start(bootstrap).await?;
    let mut strict = tcp::Connection::open(envoy.address("STRICT")?, &Caller::plaintext()).await?;
    let received = strict.receive(GREETING.len(), deadline::EXCHANGE).await?;
    assert!(received.nothing(), "{received:?}");
    let mut permissive = tcp::Connection::open(envoy.address("PERMISSIVE")?, &Caller::plaintext()).await?;
    assert_eq!(
        permissive
            .receive(GREETING.len(), deadline::EXCHANGE)
            .await?
            .text(),
        GREETING
    );
    Ok(())
}

/// Envoy reports the upstream's end right after its data. If the connection was already closed, the module would trap,
/// and every later connection of that worker would be lost.
#[tokio::test]
async fn an_upstream_that_greets_and_hangs_up_does_not_cost_the_others() -> Result<()> {
    let mesh = Mesh::new()?;
    for (tcp, waits_for_handshake) in [(Tcp::default(), true), (Tcp::immediate(), false)] {
        let upstream = TcpEcho::greeting_only(GREETING).await?;
        let resources = json!([allow_principal("backend", BACKEND)]);
        let listener = Listener::tcp("ledger", Transport::mutual(&mesh.server), upstream.address())
            .protocol(Protocol::Tcp(tcp))
            .module(module(configuration("tcp", resources))?);
        let envoy = Envoy::start(Bootstrap::new().listener(listener)).await?;
        let ledger = Ledger { envoy, upstream };
        for round in 0..3 {
            // If the upstream is connected to at accept, the greeting may arrive before the handshake: then nobody gets
            // it.
            let backend = ledger.greeting(&mesh.caller(BACKEND)?).await;
            let frontend = ledger.greeting(&mesh.caller(FRONTEND)?).await;
            assert!(
                !frontend.is_ok_and(|received| !received.nothing()),
                "round {round}"
            );
            if waits_for_handshake {
                assert_eq!(backend?.text(), GREETING, "round {round}");
            }
        }
        let log = ledger.envoy.log();
        assert!(!log.contains("unreachable"), "the module trapped:\n{log}");
    }
    Ok(())
}

#[tokio::test]
async fn after_the_greeting_the_conversation_goes_on() -> Result<()> {
    let mesh = Mesh::new()?;
    let ledger = ledger(&mesh, Tcp::default()).await?;
    let address = ledger.envoy.address("ledger")?;
    let mut connection = tcp::Connection::open(address, &mesh.caller(BACKEND)?).await?;
    assert_eq!(
        connection
            .receive(GREETING.len(), deadline::EXCHANGE)
            .await?
            .text(),
        GREETING
    );
    assert_eq!(
        connection.echo("EHLO backend.lab\r\n").await?.text(),
        "EHLO backend.lab\r\n"
    );
    assert_eq!(connection.echo("QUIT\r\n").await?.text(), "QUIT\r\n");
    Ok(())
}
