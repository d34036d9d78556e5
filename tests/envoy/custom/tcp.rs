//! TCP: an authorizer over gRPC is called when the client has sent data; one over HTTP cannot be called.

mod unasked;

use std::time::Duration;

use anyhow::{Context, Result};
use peerwarden_lab::authorizer::message::{CheckResponse, DeniedHttpResponse, OkHttpResponse};
use peerwarden_lab::authorizer::{Gate, GrpcAnswer, GrpcAuthorizer, GrpcQuestion};
use peerwarden_lab::client::tcp;
use peerwarden_lab::config::{
    Bootstrap, ClientCertificate, ConnectMode, Listener, Port, Protocol, Tcp, Transport,
};
use peerwarden_lab::deadline;
use peerwarden_lab::envoy::Envoy;
use peerwarden_lab::upstream::TcpEcho;
use serde_json::{Value, json};

use super::fixture::{Authorizer, asking, assert_sound, custom, grpc_provider, socket};
use crate::fixture::{BACKEND, FRONTEND, Mesh};

const QUESTION: &str = "what is the balance?\n";

fn principal(question: &GrpcQuestion) -> Option<&str> {
    let source = question.request.attributes.as_ref()?.source.as_ref()?;
    Some(&source.principal)
}

/// Allows the backend, denies all others.
fn for_the_backend(question: &GrpcQuestion) -> GrpcAnswer {
    GrpcAnswer::response(&if principal(question) == Some(BACKEND) {
        CheckResponse::allow(OkHttpResponse::default())
    } else {
        CheckResponse::deny(DeniedHttpResponse::default())
    })
}

/// Calls the authorizer for everything.
fn everything() -> Value {
    json!([custom("ask", json!([{}]))])
}

/// A listener for each connect mode.
fn modes() -> [(&'static str, Tcp); 3] {
    let with = |connect_mode, bytes| Tcp {
        connect_mode,
        max_early_data_bytes: Some(bytes),
        ..Tcp::default()
    };
    [
        ("at accept", Tcp::immediate()),
        ("at data", with(ConnectMode::OnDownstreamData, 1024)),
        ("after handshake", with(ConnectMode::OnDownstreamTlsHandshake, 0)),
    ]
}

#[tokio::test]
async fn a_client_that_speaks_first_is_asked_about_before_a_byte_passes() -> Result<()> {
    let mesh = Mesh::new()?;
    let authorizer = GrpcAuthorizer::start(for_the_backend).await?;
    let upstream = TcpEcho::start().await?;
    let mut bootstrap = Bootstrap::new().cluster(authorizer.cluster());
    for (name, tcp) in modes() {
        let listener = Listener::tcp(name, Transport::mutual(&mesh.server), upstream.address())
            .protocol(Protocol::Tcp(tcp))
            .module(asking("tcp", everything(), grpc_provider(json!({})))?);
        bootstrap = bootstrap.listener(listener);
    }
    let envoy = Envoy::start(bootstrap).await?;
    let mut asked = 0;
    for (name, _) in modes() {
        let address = envoy.address(name)?;
        let mut backend = tcp::Connection::open(address, &mesh.caller(BACKEND)?).await?;
        assert_eq!(backend.echo(QUESTION).await?.text(), QUESTION, "{name}");
        assert_eq!(backend.echo("and now?").await?.text(), "and now?", "{name}");
        let passed = upstream.traffic().bytes;
        let mut frontend = tcp::Connection::open(address, &mesh.caller(FRONTEND)?).await?;
        let received = frontend.echo(QUESTION).await?;
        assert!(received.nothing(), "{name}: {received:?}");
        assert_eq!(
            upstream.traffic().bytes,
            passed,
            "{name}: bytes of the denied passed"
        );
        asked += 2;
        assert_eq!(
            authorizer.asked().len(),
            asked,
            "{name}: once for each connection"
        );
    }
    assert_sound(&envoy);
    Ok(())
}

#[tokio::test]
async fn it_is_told_of_the_connection_and_of_no_request() -> Result<()> {
    let mesh = Mesh::new()?;
    let authorizer = GrpcAuthorizer::start(for_the_backend).await?;
    let upstream = TcpEcho::start().await?;
    let port = Port::reserve()?;
    let transport = Transport::Inspected(mesh.server.clone(), ClientCertificate::Required);
    let listener = Listener::tcp("ledger", transport, upstream.address())
        .port(&port)
        .module(asking("tcp", everything(), grpc_provider(json!({})))?);
    let envoy = Envoy::start(Bootstrap::new().listener(listener).cluster(authorizer.cluster())).await?;
    let caller = mesh.caller(BACKEND)?.server_name("ledger.mesh.lab");
    let mut connection = tcp::Connection::open(envoy.address("ledger")?, &caller).await?;
    assert_eq!(connection.echo(QUESTION).await?.text(), QUESTION);
    let question = authorizer.asked().pop().context("it was not asked")?;
    let context = question.request.attributes.context("without attributes")?;
    let address = socket(context.source.as_ref());
    let local = connection.local_address();
    assert_eq!(address, Some(("127.0.0.1", u32::from(local.port()))));
    assert_eq!(
        socket(context.destination.as_ref()),
        Some(("127.0.0.1", u32::from(port.number())))
    );
    assert_eq!(
        context.source.map(|source| source.principal).as_deref(),
        Some(BACKEND)
    );
    assert_eq!(
        context.tls_session.map(|session| session.sni).as_deref(),
        Some("ledger.mesh.lab")
    );
    let request = context.request.context("without a request")?;
    assert!(request.time.is_some() && request.http.is_none(), "{request:?}");
    Ok(())
}

/// All data that arrives meanwhile is held, and continues complete and in order; so does an end of data.
#[tokio::test]
async fn what_the_client_sends_while_it_waits_is_held_and_goes_on() -> Result<()> {
    let mesh = Mesh::new()?;
    let gate = Gate::closed();
    let behind = gate.clone();
    let authorizer = GrpcAuthorizer::start(move |question| for_the_backend(question).behind(&behind)).await?;
    let upstream = TcpEcho::start().await?;
    let listener = Listener::tcp("ledger", Transport::mutual(&mesh.server), upstream.address())
        .module(asking("tcp", everything(), grpc_provider(json!({})))?);
    let envoy = Envoy::start(Bootstrap::new().listener(listener).cluster(authorizer.cluster())).await?;
    let address = envoy.address("ledger")?;
    let mut backend = tcp::Connection::open(address, &mesh.caller(BACKEND)?).await?;
    let mut frontend = tcp::Connection::open(address, &mesh.caller(FRONTEND)?).await?;
    let parts = ["one ", "two ", "three ", "four"];
    for part in parts {
        backend.send(part).await?;
        frontend.send(part).await?;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    authorizer.waiting(2).await?;
    let nothing = backend.receive(1, Duration::from_millis(200)).await?;
    assert_eq!(
        (nothing.text().as_str(), nothing.end),
        ("", tcp::ConnectionEnd::Silent)
    );
    assert_eq!(upstream.traffic().bytes, 0, "something passed before the answer");
    gate.open();
    let expected = parts.concat();
    let received = backend.receive(expected.len(), deadline::EXCHANGE).await?;
    assert_eq!(received.text(), expected);
    let received = frontend.receive(1, deadline::EXCHANGE).await?;
    assert!(received.nothing(), "{received:?}");
    assert_eq!(upstream.traffic().bytes, expected.len() as u64);
    assert_eq!(authorizer.asked().len(), 2, "once for each connection");
    assert_sound(&envoy);
    Ok(())
}

/// A client that has sent everything and ended its side while it waits is not forgotten.
#[tokio::test]
async fn a_client_that_ended_its_data_while_it_waits_gets_its_answer() -> Result<()> {
    let mesh = Mesh::new()?;
    let authorizer =
        GrpcAuthorizer::start(|question| for_the_backend(question).after(Duration::from_millis(300))).await?;
    let upstream = TcpEcho::start().await?;
    let listener = Listener::tcp("ledger", Transport::mutual(&mesh.server), upstream.address())
        .module(asking("tcp", everything(), grpc_provider(json!({})))?);
    let envoy = Envoy::start(Bootstrap::new().listener(listener).cluster(authorizer.cluster())).await?;
    let address = envoy.address("ledger")?;
    let mut backend = tcp::Connection::open(address, &mesh.caller(BACKEND)?).await?;
    backend.send(QUESTION).await?;
    backend.finish().await?;
    let received = backend.receive(QUESTION.len(), deadline::EXCHANGE).await?;
    assert_eq!(received.text(), QUESTION, "{received:?}");
    assert_sound(&envoy);
    Ok(())
}
