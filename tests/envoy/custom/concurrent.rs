//! Requests that wait for an authorizer do not delay others.

use std::time::Duration;

use anyhow::Result;
use peerwarden_lab::authorizer::message::{
    CheckResponse, DeniedHttpResponse, HeaderValueOption, OkHttpResponse,
};
use peerwarden_lab::authorizer::{Gate, GrpcAnswer, GrpcAuthorizer, HttpAnswer, HttpAuthorizer};
use peerwarden_lab::client::{ClientRequest, Reply, http};
use serde_json::json;

use super::fixture::{ask, assert_sound, grpc_provider, http_provider, orders, told};
use crate::fixture::{FRONTEND, Mesh, Orders};

/// The number of waiting requests.
const MANY: usize = 80;

/// The number at the end of a path.
fn number(path: &str) -> usize {
    path.rsplit('/')
        .next()
        .and_then(|text| text.parse().ok())
        .unwrap_or(0)
}

/// Lets many requests wait on one worker, checks that another one passes, opens the gate, and returns the replies to
/// those that waited. Half of them use one HTTP/2 connection, the others one HTTP/1.1 connection each.
async fn wait_together(
    mesh: &Mesh,
    orders: &Orders,
    gate: &Gate,
    waiting: impl AsyncFn(usize) -> Result<()>,
) -> Result<Vec<(usize, Reply)>> {
    let address = orders.envoy.address("orders")?;
    let caller = mesh.caller(FRONTEND)?;
    let path = |n: usize| format!("/ask/{n}");
    let mut streams = http::Connection::open(address, &caller, http::Version::Http2).await?;
    let asks = (0..MANY / 2).map(|n| ClientRequest::get(&path(n))).collect();
    let streams = tokio::spawn(async move { streams.send_all(asks).await });
    let mut alone = Vec::new();
    for n in MANY / 2..MANY {
        let caller = caller.clone();
        let ask = ClientRequest::get(&path(n));
        alone.push(tokio::spawn(async move {
            http::once(address, &caller, http::Version::Http1, ask).await
        }));
    }
    waiting(MANY).await?;
    // The only worker serves others meanwhile.
    let mut other = http::Connection::open(address, &caller, http::Version::Http1).await?;
    for _ in 0..20 {
        assert_eq!(other.send(ClientRequest::get("/free")).await?.status, 200);
    }
    waiting(MANY).await?;
    assert_eq!(orders.upstream.paths(), vec!["/free"; 20], "none went on");
    gate.open();
    let mut replies: Vec<(usize, Reply)> = streams.await??.into_iter().enumerate().collect();
    for (n, reply) in alone.into_iter().enumerate() {
        replies.push((MANY / 2 + n, reply.await??));
    }
    waiting(0).await?;
    Ok(replies)
}

/// Checks that each reply belongs to its question: every third is denied.
fn assert_not_mixed(orders: &Orders, replies: &[(usize, Reply)]) {
    assert_eq!(replies.len(), MANY);
    for (n, reply) in replies {
        if n.is_multiple_of(3) {
            let expected = (401, format!("not {n}"));
            assert_eq!((reply.status, reply.body.clone()), expected);
        } else {
            assert_eq!(
                (reply.status, reply.header("x-seen")),
                (200, n.to_string().as_str())
            );
        }
    }
    let seen = orders.upstream.seen();
    let passed: Vec<_> = seen.iter().filter(|seen| seen.path != "/free").collect();
    assert_eq!(passed.len(), (0..MANY).filter(|n| !n.is_multiple_of(3)).count());
    for seen in passed {
        let user = seen.headers.get("x-user").and_then(|value| value.to_str().ok());
        assert_eq!(user, Some(number(&seen.path).to_string().as_str()), "{seen:?}");
    }
}

#[tokio::test]
async fn by_http() -> Result<()> {
    let mesh = Mesh::new()?;
    let gate = Gate::closed();
    let behind = gate.clone();
    let authorizer = HttpAuthorizer::start(move |question| {
        let n = number(&question.path);
        let answer = if n.is_multiple_of(3) {
            HttpAnswer::status(401).body(&format!("not {n}"))
        } else {
            HttpAnswer::allow()
                .header("x-user", n.to_string())
                .header("x-seen", n.to_string())
        };
        answer.behind(&behind)
    })
    .await?;
    let providers = http_provider(json!({
        "headersToUpstreamOnAllow": ["x-user"], "headersToDownstreamOnAllow": ["x-seen"],
    }));
    let orders = orders(&mesh, json!([ask()]), providers, &authorizer).await?;
    let replies = wait_together(&mesh, &orders, &gate, async |n| authorizer.waiting(n).await).await?;
    assert_not_mixed(&orders, &replies);
    assert_sound(&orders.envoy);
    Ok(())
}

#[tokio::test]
async fn by_grpc() -> Result<()> {
    let mesh = Mesh::new()?;
    let gate = Gate::closed();
    let behind = gate.clone();
    let authorizer = GrpcAuthorizer::start(move |question| {
        let n = number(told(question).map_or("", |http| &http.path));
        let response = if n.is_multiple_of(3) {
            CheckResponse::deny(DeniedHttpResponse {
                status: Some(peerwarden_lab::authorizer::message::HttpStatus { code: 401 }),
                body: format!("not {n}"),
                ..DeniedHttpResponse::default()
            })
        } else {
            CheckResponse::allow(OkHttpResponse {
                headers: vec![HeaderValueOption::new("x-user", &n.to_string())],
                response_headers_to_add: vec![HeaderValueOption::new("x-seen", &n.to_string())],
                ..OkHttpResponse::default()
            })
        };
        GrpcAnswer::response(&response).behind(&behind)
    })
    .await?;
    let orders = orders(&mesh, json!([ask()]), grpc_provider(json!({})), &authorizer).await?;
    let replies = wait_together(&mesh, &orders, &gate, async |n| authorizer.waiting(n).await).await?;
    assert_not_mixed(&orders, &replies);
    assert_sound(&orders.envoy);
    Ok(())
}

/// A body that arrives while its request waits continues with it, complete.
#[tokio::test]
async fn a_body_waits_with_its_request() -> Result<()> {
    let mesh = Mesh::new()?;
    let authorizer = HttpAuthorizer::start(|_| HttpAnswer::allow().after(Duration::from_millis(200))).await?;
    let orders = orders(&mesh, json!([ask()]), http_provider(json!({})), &authorizer).await?;
    let body = "0123456789".repeat(20_000);
    let address = orders.envoy.address("orders")?;
    for version in [http::Version::Http1, http::Version::Http2] {
        let asked = ClientRequest::post("/ask").body(&body);
        let reply = http::once(address, &mesh.caller(FRONTEND)?, version, asked).await?;
        assert_eq!(reply.status, 200, "{version:?}: {reply:?}");
    }
    let lengths: Vec<usize> = orders.upstream.seen().iter().map(|seen| seen.body).collect();
    assert_eq!(lengths, [body.len(); 2]);
    Ok(())
}
