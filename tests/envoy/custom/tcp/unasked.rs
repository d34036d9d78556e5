//! No usable answer: the authorizer fails, or cannot be called at all.

use std::time::Duration;

use anyhow::Result;
use peerwarden_lab::authorizer::{GrpcAnswer, GrpcAuthorizer, HttpAnswer, HttpAuthorizer};
use peerwarden_lab::client::tcp;
use peerwarden_lab::config::{Bootstrap, Cluster, Listener, Port, Transport};
use peerwarden_lab::deadline;
use peerwarden_lab::envoy::Envoy;
use peerwarden_lab::upstream::TcpEcho;
use serde_json::json;

use super::{QUESTION, everything, for_the_backend};
use crate::custom::fixture::{Authorizer, asking, assert_sound, grpc_provider, http_provider};
use crate::fixture::{BACKEND, FRONTEND, Mesh};

#[tokio::test]
async fn an_authorizer_that_fails_closes_unless_it_may_fail_open() -> Result<()> {
    let mesh = Mesh::new()?;
    let nobody = Port::reserve()?;
    let slow =
        GrpcAuthorizer::start(|_| GrpcAnswer::bytes(b"\x0a\x00").after(Duration::from_secs(20))).await?;
    let nonsense = GrpcAuthorizer::start(|_| GrpcAnswer::bytes(b"\xff")).await?;
    let error = GrpcAuthorizer::start(|_| GrpcAnswer::status(14, "busy")).await?;
    let upstream = TcpEcho::start().await?;
    let clusters = [
        ("refused", ([127, 0, 0, 1], nobody.number()).into()),
        ("slow", slow.address()),
        ("nonsense", nonsense.address()),
        ("error", error.address()),
    ];
    let names: Vec<&str> = std::iter::once("missing")
        .chain(clusters.iter().map(|(name, _)| *name))
        .collect();
    let mut bootstrap = Bootstrap::new();
    for (name, address) in clusters {
        bootstrap = bootstrap.cluster(Cluster::http2(name, address));
    }
    for name in &names {
        for fail_open in [false, true] {
            let providers = grpc_provider(json!({"cluster": name, "timeout": "0.3s", "failOpen": fail_open}));
            let transport = Transport::mutual(&mesh.server);
            let listener = Listener::tcp(&format!("{name} {fail_open}"), transport, upstream.address())
                .module(asking("tcp", everything(), providers)?);
            bootstrap = bootstrap.listener(listener);
        }
    }
    let envoy = Envoy::start(bootstrap).await?;
    let caller = mesh.caller(BACKEND)?;
    for name in &names {
        let passed = upstream.traffic().bytes;
        let mut closed = tcp::Connection::open(envoy.address(&format!("{name} false"))?, &caller).await?;
        let received = closed.echo(QUESTION).await?;
        assert!(received.nothing(), "{name}: {received:?}");
        assert_eq!(upstream.traffic().bytes, passed, "{name}");
        let mut open = tcp::Connection::open(envoy.address(&format!("{name} true"))?, &caller).await?;
        assert_eq!(open.echo(QUESTION).await?.text(), QUESTION, "{name}");
    }
    assert_sound(&envoy);
    Ok(())
}

/// As in Istio: an HTTP provider has no effect on TCP, whatever its policy matches.
#[tokio::test]
async fn an_http_authorizer_is_not_asked() -> Result<()> {
    let mesh = Mesh::new()?;
    let authorizer = HttpAuthorizer::start(|_| HttpAnswer::status(403)).await?;
    let upstream = TcpEcho::start().await?;
    let listener = Listener::tcp("ledger", Transport::mutual(&mesh.server), upstream.address())
        .module(asking("tcp", everything(), http_provider(json!({})))?);
    let envoy = Envoy::start(Bootstrap::new().listener(listener).cluster(authorizer.cluster())).await?;
    let mut connection = tcp::Connection::open(envoy.address("ledger")?, &mesh.caller(BACKEND)?).await?;
    assert_eq!(connection.echo(QUESTION).await?.text(), QUESTION);
    assert_eq!(authorizer.asked().len(), 0);
    Ok(())
}

/// Envoy has no call with which a module could hold an upstream's data and continue it later.
#[tokio::test]
async fn a_server_that_speaks_first_cannot_wait_for_an_answer() -> Result<()> {
    const GREETING: &str = "220 ledger.lab ESMTP\r\n";
    let mesh = Mesh::new()?;
    let authorizer = GrpcAuthorizer::start(for_the_backend).await?;
    let upstream = TcpEcho::greeting(GREETING).await?;
    let listener = Listener::tcp("ledger", Transport::mutual(&mesh.server), upstream.address()).module(
        asking("tcp", everything(), grpc_provider(json!({"failOpen": true})))?,
    );
    let envoy = Envoy::start(Bootstrap::new().listener(listener).cluster(authorizer.cluster())).await?;
    for identity in [BACKEND, FRONTEND] {
        let mut connection = tcp::Connection::open(envoy.address("ledger")?, &mesh.caller(identity)?).await?;
        let received = connection.receive(GREETING.len(), deadline::EXCHANGE).await?;
        assert!(received.nothing(), "{identity}: {received:?}");
    }
    envoy
        .logged("it cannot be called after the upstream has sent data")
        .await?;
    assert_sound(&envoy);
    Ok(())
}
