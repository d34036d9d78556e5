//! A request or connection that was allowed and that a newer configuration denies loses its mark, and nothing more of
//! it passes.
//!
//! A real Envoy checks a request's mark once, directly after the module has set it, so it never sees an empty one: a
//! request that is denied later is answered with 403 or reset, which also ends whatever Envoy would still do for it,
//! such as a retry. A connection whose server sends first is checked later, with the client's first data: there the
//! empty mark matters, if the module cannot close.

use std::path::Path;

use anyhow::Result;
use peerwarden_lab::client::tcp;
use peerwarden_lab::config::{
    Bootstrap, Cluster, Http, Listener, Lock, Module, Port, Protocol, Tcp, Transport,
};
use peerwarden_lab::deadline::{self, until};
use peerwarden_lab::envoy::Envoy;
use peerwarden_lab::locate;
use peerwarden_lab::upstream::{HttpEcho, TcpEcho};
use serde_json::{Value, json};

use super::discovered::{deliver, discovered};
use super::{all_capabilities_without, early, module};
use crate::fixture::{BACKEND, FRONTEND, Mesh, allow_principal, configuration};

const GREETING: &str = "220 ledger.lab ready\r\n";

fn admitting(uris: &[&str], protocol: &str, more: Value) -> Value {
    let policies = uris.iter().enumerate();
    let policies = policies.map(|(number, uri)| allow_principal(&format!("caller-{number}"), uri));
    let mut configuration = configuration(protocol, policies.collect());
    for (name, value) in more.as_object().into_iter().flatten() {
        configuration[name] = value.clone();
    }
    configuration
}

/// A module that can neither close a connection nor is called for its client's data, and holds it until it is allowed.
fn without_hands(uris: &[&str]) -> Result<Module> {
    let more = json!({"lock": {"cluster": "ledger"}, "tcp": {"enforcement": "hold"}});
    let list = all_capabilities_without(&["proxy_close_stream", "proxy_on_downstream_data"]);
    Ok(module("itself", admitting(uris, "tcp", more))?.with("capability_restriction_config", list))
}

async fn ledger(mesh: &Mesh, path: &Path) -> Result<(Envoy, TcpEcho)> {
    let upstream = TcpEcho::greeting(GREETING).await?;
    deliver(&without_hands(&[FRONTEND])?.network_filter(), path)?;
    let tcp = Tcp {
        before: vec![discovered("network", path)],
        ..early()?.locked()
    };
    let listener = Listener::tcp("ledger", Transport::mutual(&mesh.server), upstream.address())
        .protocol(Protocol::Tcp(tcp));
    let envoy = Envoy::start(Bootstrap::new().listener(listener).cluster(Cluster::nowhere())).await?;
    Ok((envoy, upstream))
}

#[tokio::test]
async fn what_a_client_says_after_a_denial_does_not_pass() -> Result<()> {
    if locate::envoy_minor()? < 39 {
        // A connection is then held until its client sends data, and its mark is checked immediately.
        return Ok(());
    }
    let mesh = Mesh::new()?;
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("ledger.json");
    let (envoy, upstream) = ledger(&mesh, &path).await?;
    let address = envoy.address("ledger")?;
    let greeted = async || -> Result<tcp::Connection> {
        let mut connection = tcp::Connection::open(address, &mesh.caller(FRONTEND)?).await?;
        let greeting = connection.receive(GREETING.len(), deadline::EXCHANGE).await?;
        assert_eq!(greeting.text(), GREETING);
        Ok(connection)
    };
    let (mut allowed, mut denied) = (greeted().await?, greeted().await?);
    // Its mark lets data through for which the module is not called.
    assert_eq!(allowed.echo("hello").await?.text(), "hello");

    deliver(&without_hands(&[BACKEND])?.network_filter(), &path)?;
    envoy
        .logged("a stream that is no longer allowed could not be closed")
        .await?;
    until(deadline::EXCHANGE, "both judged again", async || {
        let unclosed = envoy.log().matches("could not be closed").count();
        Ok((unclosed == 2).then_some(()))
    })
    .await?;
    let before = upstream.traffic();
    let received = denied.echo("hello").await?;
    assert!(received.nothing(), "{received:?}");
    assert_eq!(upstream.traffic(), before);
    Ok(())
}

/// Routes whose upstream fails, so that Envoy keeps retrying.
fn tries_again() -> Value {
    let route = |name: &str| {
        json!({
            "match": {"prefix": format!("/{name}")},
            "route": {
                "cluster": name,
                "timeout": "0s",
                "retry_policy": {
                    "retry_on": "5xx",
                    "num_retries": 100_000,
                    "retry_back_off": {"base_interval": "0.02s", "max_interval": "0.02s"},
                },
            },
        })
    };
    json!({"virtual_hosts": [{"name": "orders", "domains": ["*"], "routes": [route("denied"), route("allowed")]}]})
}

#[tokio::test]
async fn a_request_that_is_denied_is_not_tried_again() -> Result<()> {
    let mesh = Mesh::new()?;
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("orders.json");
    let upstream = HttpEcho::start().await?;
    let port = Port::reserve()?;
    let fails = json!({"virtual_hosts": [{
        "name": "fails",
        "domains": ["*"],
        "routes": [{"match": {"prefix": "/"}, "direct_response": {"status": 503}}],
    }]});
    let failing = Listener::http("fails", Transport::Plaintext, upstream.address())
        .protocol(Protocol::Http(Http::default().with("route_config", fails)))
        .port(&port);
    let admits = |uris: &[&str]| -> Result<Value> {
        let more = json!({"lock": true, "openConnections": {"onUpdate": "close"}});
        Ok(module("itself", admitting(uris, "http", more))?.http_filter())
    };
    deliver(&admits(&[FRONTEND, BACKEND])?, &path)?;
    let http = Http {
        before: vec![discovered("http", &path)],
        behind: vec![Lock::Request.filter()],
        ..Http::default()
    };
    let listener = Listener::http("orders", Transport::mutual(&mesh.server), upstream.address())
        .protocol(Protocol::Http(http.with("route_config", tries_again())));
    let mut bootstrap = Bootstrap::new().listener(failing).listener(listener);
    for name in ["denied", "allowed"] {
        bootstrap = bootstrap.cluster(Cluster::http1(name, ([127, 0, 0, 1], port.number()).into()));
    }
    let envoy = Envoy::start(bootstrap).await?;
    let tries = async |name: &str| -> Result<u64> {
        Ok(envoy
            .stats()
            .await?
            .count(&format!("cluster.{name}.upstream_rq_total")))
    };
    let reach = async |name: &'static str, count: u64| {
        until(deadline::EXCHANGE, name, async || {
            Ok((tries(name).await? >= count).then_some(()))
        })
        .await
    };
    let mut open = Vec::new();
    for (name, uri) in [("denied", BACKEND), ("allowed", FRONTEND)] {
        let mut request = tcp::Connection::open(envoy.address("orders")?, &mesh.caller(uri)?).await?;
        let head = format!("GET /{name} HTTP/1.1\r\nhost: orders.shop\r\n\r\n");
        request.send(&head).await?;
        reach(name, 3).await?;
        open.push(request);
    }
    deliver(&admits(&[FRONTEND])?, &path)?;
    let answer = open[0].receive(12, deadline::EXCHANGE).await?;
    assert!(answer.text().starts_with("HTTP/1.1 403 "), "{answer:?}");
    // The other one continues meanwhile.
    let (denied, allowed) = (tries("denied").await?, tries("allowed").await?);
    reach("allowed", allowed + 10).await?;
    assert_eq!(tries("denied").await?, denied);
    Ok(())
}
