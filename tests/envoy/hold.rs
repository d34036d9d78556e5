//! `enforcement: hold` on the real Envoy: when the upstream is connected to, and listeners that cannot hold.

mod crowd;

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Result;
use peerwarden_lab::certificates::Certificate;
use peerwarden_lab::client::{Caller, PartialHandshake, tcp};
use peerwarden_lab::config::{Bootstrap, ConnectMode, Listener, Protocol, Tcp, Transport};
use peerwarden_lab::deadline::{self, until};
use peerwarden_lab::envoy::Envoy;
use peerwarden_lab::upstream::TcpEcho;
use serde_json::{Value, json};

use crate::fixture::{BACKEND, FRONTEND, Ledger, Mesh, allow_principal, configuration, module};

const GREETING: &str = "220 ledger.lab ready\r\n";

/// Many periods of the module's timer.
const A_WHILE: Duration = Duration::from_millis(500);

/// The listener's settings for holding connections.
fn early() -> Tcp {
    Tcp {
        max_early_data_bytes: Some(16384),
        ..Tcp::immediate()
    }
}

async fn holding(tcp: Tcp, transport: Transport) -> Result<Ledger> {
    holding_for(tcp, transport, "1s").await
}

async fn holding_for(tcp: Tcp, transport: Transport, deadline: &str) -> Result<Ledger> {
    let upstream = TcpEcho::greeting(GREETING).await?;
    let mut configuration: Value = configuration("tcp", json!([allow_principal("backend", BACKEND)]));
    configuration["tcp"] = json!({"enforcement": "hold", "deadline": deadline});
    let listener = Listener::tcp("ledger", transport, upstream.address())
        .protocol(Protocol::Tcp(tcp))
        .module(module(configuration)?);
    let envoy = Envoy::start(Bootstrap::new().listener(listener)).await?;
    Ok(Ledger { envoy, upstream })
}

async fn greeting(address: SocketAddr, caller: &Caller) -> Result<tcp::ReceivedBytes> {
    let mut connection = tcp::Connection::open(address, caller).await?;
    connection.receive(GREETING.len(), deadline::EXCHANGE).await
}

#[tokio::test]
async fn the_upstream_hears_of_those_alone_who_may_come_in() -> Result<()> {
    let mesh = Mesh::new()?;
    let ledger = holding(early(), Transport::mutual(&mesh.server)).await?;
    let address = ledger.envoy.address("ledger")?;
    for round in 1..=3 {
        let frontend = greeting(address, &mesh.caller(FRONTEND)?).await?;
        assert!(frontend.nothing(), "{frontend:?}");
        let slow = mesh.caller(BACKEND)?.hesitating(Duration::from_millis(100));
        assert_eq!(greeting(address, &slow).await?.text(), GREETING);
        assert_eq!(ledger.upstream.traffic().connections, round);
    }
    // A client that sends data immediately is decided immediately, and its data is not lost.
    let mut backend = tcp::Connection::open(address, &mesh.caller(BACKEND)?).await?;
    backend.send("EHLO\r\n").await?;
    let received = backend.receive(GREETING.len() + 6, deadline::EXCHANGE).await?;
    assert_eq!(received.text(), format!("{GREETING}EHLO\r\n"));
    Ok(())
}

/// A certificate is public. A client that presents another's without its key has no identity, although Envoy has the
/// certificate by then.
#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_counts_once_its_key_is_proved() -> Result<()> {
    let mesh = Mesh::new()?;
    let ledger = holding(early(), Transport::mutual(&mesh.server)).await?;
    let address = ledger.envoy.address("ledger")?;
    let identity = mesh.authority.issue(Certificate::spiffe(BACKEND))?;
    let certificate = identity.certificate_der();
    let begin = |caller: Caller| {
        let certificate = certificate.clone();
        tokio::task::spawn_blocking(move || PartialHandshake::begin(address, &caller, &certificate))
    };
    let halfway = begin(Caller::workload(&mesh.authority, &identity)?).await??;
    tokio::time::sleep(A_WHILE).await;
    assert_eq!(ledger.upstream.traffic().connections, 0, "dialled for a claim");
    let greeting = tokio::task::spawn_blocking(move || halfway.finish(GREETING.len())).await??;
    assert_eq!(String::from_utf8_lossy(&greeting), GREETING);
    assert_eq!(ledger.upstream.traffic().connections, 1);

    // In TLS 1.2 only the client's first data shows that the key is proved.
    let by_tls_1_2 = Caller::workload_by_tls_1_2(&mesh.authority, &identity)?;
    let halfway = begin(by_tls_1_2.clone()).await??;
    tokio::time::sleep(A_WHILE).await;
    assert_eq!(ledger.upstream.traffic().connections, 1, "dialled for a claim");
    drop(halfway);
    let silent = self::greeting(address, &by_tls_1_2).await?;
    assert!(silent.nothing(), "{silent:?}");
    let mut speaking = tcp::Connection::open(address, &by_tls_1_2).await?;
    speaking.send("EHLO\r\n").await?;
    let received = speaking.receive(GREETING.len(), deadline::EXCHANGE).await?;
    assert!(received.text().starts_with(GREETING), "{received:?}");
    assert_eq!(ledger.upstream.traffic().connections, 2);
    Ok(())
}

#[tokio::test]
async fn a_listener_that_cannot_hold_denies_and_says_what_it_needs() -> Result<()> {
    let mesh = Mesh::new()?;
    let ledger = holding(Tcp::immediate(), Transport::mutual(&mesh.server)).await?;
    // Envoy does not read, so the handshake does not end before the deadline. If the client's first message were
    // already there when Envoy accepted, it would be read when Envoy tries to write: so the client waits before it
    // sends.
    let late = mesh.caller(BACKEND)?.hesitating(Duration::from_millis(200));
    let received = greeting(ledger.envoy.address("ledger")?, &late).await;
    assert!(!received.is_ok_and(|received| !received.nothing()));
    ledger
        .envoy
        .logged("needs `max_early_data_bytes` in tcp_proxy")
        .await?;
    assert_eq!(ledger.upstream.traffic().connections, 0);

    let after_handshake = Tcp {
        connect_mode: ConnectMode::OnDownstreamTlsHandshake,
        ..early()
    };
    let ledger = holding(after_handshake, Transport::mutual(&mesh.server)).await?;
    let received = greeting(ledger.envoy.address("ledger")?, &late).await;
    assert!(!received.is_ok_and(|received| !received.nothing()));
    Ok(())
}

#[tokio::test]
async fn who_has_no_certificate_is_denied_by_the_deadline() -> Result<()> {
    let mesh = Mesh::new()?;
    let optional = Transport::Tls(
        mesh.server.clone(),
        peerwarden_lab::config::ClientCertificate::Optional,
    );
    let ledger = holding(early(), optional).await?;
    let anonymous = Caller::anonymous(&mesh.authority)?;
    let received = greeting(ledger.envoy.address("ledger")?, &anonymous).await?;
    assert!(received.nothing(), "{received:?}");
    assert_eq!(ledger.upstream.traffic().connections, 0);
    let entry = until(deadline::EXCHANGE, "in the access log", async || {
        Ok(ledger.envoy.access_log()?.into_iter().next())
    });
    assert_eq!(entry.await?.decision(), "deny deadline-passed");
    Ok(())
}
