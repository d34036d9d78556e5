//! Callers that do not wait for the authorizer's answer.

use anyhow::Result;
use peerwarden_lab::authorizer::{Gate, GrpcAnswer, GrpcAuthorizer, HttpAnswer, HttpAuthorizer};
use peerwarden_lab::client::{ClientRequest, http, tcp};
use peerwarden_lab::config::{Bootstrap, Cluster, Listener, Transport};
use peerwarden_lab::envoy::Envoy;
use peerwarden_lab::upstream::{HttpEcho, TcpEcho};
use serde_json::json;

use super::fixture::{Authorizer, ask, asking, assert_sound, custom, grpc_provider, http_provider, listener};
use crate::fixture::{FRONTEND, Mesh};

/// The answer arrives at an Envoy whose request is gone: it is for nobody, and the module continues.
async fn gone_while_waiting(
    providers: serde_json::Value,
    cluster: Cluster,
    gate: &Gate,
    asked_times: impl AsyncFn(usize) -> Result<()>,
) -> Result<()> {
    let mesh = Mesh::new()?;
    let upstream = HttpEcho::start().await?;
    let transport = Transport::mutual(&mesh.server);
    let listener = listener("orders", transport, upstream.address(), json!([ask()]), providers)?;
    let envoy = Envoy::start(Bootstrap::new().listener(listener).cluster(cluster)).await?;
    let address = envoy.address("orders")?;
    let caller = mesh.caller(FRONTEND)?;
    let mut stays = http::Connection::open(address, &caller, http::Version::Http1).await?;
    let stays = tokio::spawn(async move { stays.send(ClientRequest::get("/ask/stays")).await });
    asked_times(1).await?;
    for (n, version) in [http::Version::Http1, http::Version::Http2]
        .into_iter()
        .enumerate()
    {
        let id = format!("gone by {version:?}");
        let mut gone = http::Connection::open(address, &caller, version).await?;
        let ask = ClientRequest::get("/ask/gone").id(&id);
        let gone = tokio::spawn(async move { gone.send(ask).await });
        asked_times(n + 2).await?;
        gone.abort();
        envoy.logged_access(|entry| entry.text("lab_id") == id).await?;
    }
    gate.open();
    assert_eq!(stays.await??.status, 200, "who stayed is let on");
    for _ in 0..3 {
        let reply = http::once(
            address,
            &caller,
            http::Version::Http1,
            ClientRequest::get("/ask/later"),
        )
        .await?;
        assert_eq!(reply.status, 200, "the module still decides: {reply:?}");
    }
    let mut reached = upstream.paths();
    reached.dedup();
    assert_eq!(reached, ["/ask/stays", "/ask/later"]);
    assert_sound(&envoy);
    Ok(())
}

#[tokio::test]
async fn of_an_http_authorizer() -> Result<()> {
    let gate = Gate::closed();
    let behind = gate.clone();
    let authorizer = HttpAuthorizer::start(move |_| HttpAnswer::allow().behind(&behind)).await?;
    let cluster = authorizer.cluster();
    gone_while_waiting(http_provider(json!({})), cluster, &gate, async |n| {
        authorizer.asked_times(n).await
    })
    .await
}

#[tokio::test]
async fn of_a_grpc_authorizer() -> Result<()> {
    let gate = Gate::closed();
    let behind = gate.clone();
    let authorizer = GrpcAuthorizer::start(move |_| GrpcAnswer::bytes(b"\x0a\x00").behind(&behind)).await?;
    let cluster = authorizer.cluster();
    gone_while_waiting(grpc_provider(json!({})), cluster, &gate, async |n| {
        authorizer.asked_times(n).await
    })
    .await
}

#[tokio::test]
async fn by_tcp() -> Result<()> {
    let mesh = Mesh::new()?;
    let gate = Gate::closed();
    let behind = gate.clone();
    let authorizer = GrpcAuthorizer::start(move |_| GrpcAnswer::bytes(b"\x0a\x00").behind(&behind)).await?;
    let upstream = TcpEcho::start().await?;
    let resources = json!([custom("ask", json!([{}]))]);
    let listener = Listener::tcp("ledger", Transport::mutual(&mesh.server), upstream.address())
        .module(asking("tcp", resources, grpc_provider(json!({})))?);
    let envoy = Envoy::start(Bootstrap::new().listener(listener).cluster(authorizer.cluster())).await?;
    let (address, caller) = (envoy.address("ledger")?, mesh.caller(FRONTEND)?);
    let mut stays = tcp::Connection::open(address, &caller).await?;
    stays.send("I wait").await?;
    authorizer.waiting(1).await?;
    for n in 2..5 {
        let mut gone = tcp::Connection::open(address, &caller.clone().abrupt()).await?;
        gone.send("I do not").await?;
        authorizer.asked_times(n).await?;
        let peer = gone.local_address().to_string();
        drop(gone);
        envoy
            .logged_access(|entry| entry.text("peer_address") == peer)
            .await?;
    }
    gate.open();
    let received = stays.receive(6, peerwarden_lab::deadline::EXCHANGE).await?;
    assert_eq!(received.text(), "I wait");
    let mut later = tcp::Connection::open(address, &caller).await?;
    assert_eq!(later.echo("later").await?.text(), "later");
    assert_eq!(upstream.traffic().bytes, 11);
    assert_sound(&envoy);
    Ok(())
}
