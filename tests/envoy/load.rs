//! The load generator of the benchmark: it checks Envoy's answers, and does not accept a denial of an allowed request.

use anyhow::Result;
use peerwarden_lab::client::http::Version;
use peerwarden_lab::client::{Caller, ClientRequest};
use peerwarden_lab::config::{Bootstrap, Listener, Transport};
use peerwarden_lab::envoy::Envoy;
use peerwarden_lab::load::{self, Crowd, LoadRequest, PersistentConnections, Visitor};
use peerwarden_lab::upstream::{HttpEcho, TcpEcho};
use serde_json::{Value, json};

use crate::fixture::{BACKEND, FRONTEND, Mesh, configuration, module, policy};

fn frontend_alone() -> Value {
    let principal = FRONTEND.trim_start_matches("spiffe://");
    json!([policy(
        "load",
        "ALLOW",
        json!([{"from": [{"source": {"principals": [principal]}}]}])
    )])
}

fn requests(statuses: &[Option<u16>]) -> Vec<LoadRequest> {
    let request = |status: &Option<u16>| LoadRequest {
        ask: ClientRequest::get("/"),
        status: *status,
    };
    statuses.iter().map(request).collect()
}

#[tokio::test]
async fn a_crowd_counts_what_it_gets_and_fails_where_it_is_not_what_must_come() -> Result<()> {
    let mesh = Mesh::new()?;
    let upstream = HttpEcho::start().await?;
    let listener = Listener::http("load", Transport::mutual(&mesh.server), upstream.address())
        .module(module(configuration("http", frontend_alone()))?);
    let envoy = Envoy::start(Bootstrap::new().listener(listener)).await?;
    let address = envoy.address("load")?;
    let (frontend, backend) = (mesh.caller(FRONTEND)?, mesh.caller(BACKEND)?);
    for version in [Version::Http1, Version::Http2] {
        let mut crowd = Crowd::default();
        crowd
            .join(address, &frontend, version, requests(&[Some(200)]))
            .await?;
        crowd
            .join(address, &backend, version, requests(&[None, Some(403)]))
            .await?;
        let replies = crowd.ask(3).await?;
        assert_eq!(replies.statuses, [(200, 3), (403, 3)].into());
        assert_eq!(replies.latencies.count(), 6);

        let mut crowd = Crowd::default();
        crowd
            .join(address, &backend, version, requests(&[Some(200)]))
            .await?;
        let error = crowd.ask(1).await.unwrap_err().to_string();
        assert!(error.ends_with("403"), "{error}");
    }
    Ok(())
}

#[tokio::test]
async fn connections_are_made_anew_or_stay_and_a_denial_is_told_from_an_echo() -> Result<()> {
    let mesh = Mesh::new()?;
    let upstream = TcpEcho::start().await?;
    let listener = Listener::tcp("load", Transport::mutual(&mesh.server), upstream.address())
        .module(module(configuration("tcp", frontend_alone()))?);
    let envoy = Envoy::start(Bootstrap::new().listener(listener)).await?;
    let address = envoy.address("load")?;
    let (frontend, backend) = (mesh.caller(FRONTEND)?, mesh.caller(BACKEND)?);
    let visitor = |caller: &Caller, allowed| Visitor {
        caller: caller.clone().without_resumption(),
        allowed: Some(allowed),
    };
    let visitors = [visitor(&frontend, true), visitor(&backend, false)];
    assert_eq!(load::visit(address, &visitors, 2).await?.count(), 4);
    let error = load::visit(address, &[visitor(&backend, true)], 1)
        .await
        .unwrap_err();
    assert_eq!(error.to_string(), "a connection was denied by mistake");

    let mut held = PersistentConnections::open(address, &[frontend]).await?;
    assert_eq!(held.echo(3).await?.count(), 3);
    Ok(())
}
