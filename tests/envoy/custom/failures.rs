//! An authorizer that is missing, unreachable, slow, or sends nonsense: denied, unless the provider sets `failOpen`.

use std::time::{Duration, Instant};

use anyhow::Result;
use peerwarden_lab::authorizer::{FixedReplyServer, GrpcAnswer, GrpcAuthorizer, HttpAnswer, HttpAuthorizer};
use peerwarden_lab::client::{ClientRequest, http};
use peerwarden_lab::config::{Bootstrap, Cluster, Port, Transport};
use peerwarden_lab::deadline;
use peerwarden_lab::envoy::Envoy;
use peerwarden_lab::upstream::HttpEcho;
use serde_json::json;

use super::fixture::{NO_ANSWER_TO_ASK, ask, assert_sound, listener, provider};
use crate::fixture::{FRONTEND, Mesh};

/// The time-out of an answer.
const PATIENCE: Duration = Duration::from_millis(300);

/// The ways in which one kind of authorizer fails: a name, the cluster if Envoy has one, and the expected text in the
/// log.
type Failures = Vec<(&'static str, Option<Cluster>, &'static str)>;

/// Tries each failure with and without `failOpen`, each with its own listener of one Envoy with one worker.
async fn try_all(kind: &str, failures: Failures) -> Result<()> {
    let mesh = Mesh::new()?;
    let upstream = HttpEcho::start().await?;
    let mut bootstrap = Bootstrap::new();
    let mut cases = Vec::new();
    for (name, cluster, why) in failures {
        for fail_open in [false, true] {
            let listener_name = format!("{name} {fail_open}");
            let providers = provider(
                kind,
                json!({"cluster": name, "timeout": "0.3s", "failOpen": fail_open, "statusOnError": "503"}),
            );
            bootstrap = bootstrap.listener(listener(
                &listener_name,
                Transport::mutual(&mesh.server),
                upstream.address(),
                json!([ask()]),
                providers,
            )?);
            cases.push((listener_name, fail_open, why));
        }
        if let Some(cluster) = cluster {
            bootstrap = bootstrap.cluster(cluster);
        }
    }
    let envoy = Envoy::start(bootstrap).await?;
    let caller = mesh.caller(FRONTEND)?;
    let mut reached = Vec::new();
    for (name, fail_open, why) in &cases {
        let begun = Instant::now();
        let path = format!("/ask/{}", name.replace(' ', "-"));
        let asked = ClientRequest::get(&path).id(name);
        let reply = http::once(envoy.address(name)?, &caller, http::Version::Http1, asked).await?;
        let took = begun.elapsed();
        let entry = envoy.logged_access(|entry| entry.text("lab_id") == name).await?;
        if *fail_open {
            assert_eq!(reply.status, 200, "{name}: {reply:?}");
            assert!(entry.decision().starts_with("allow "), "{name}: {entry:?}");
            reached.push(path);
        } else {
            assert_eq!(reply.status, 503, "{name}: {reply:?}");
            assert!(reply.body.is_empty(), "{name}: {reply:?}");
            assert_eq!(
                (entry.decision(), entry.details()),
                (NO_ANSWER_TO_ASK, "ext_authz_error"),
                "{name}"
            );
            let said = envoy.logged(&format!("\"{path}\"")).await?;
            assert!(said.contains(why), "{name}: {said}");
        }
        assert!(took < deadline::EXCHANGE / 2, "{name} took {took:?}");
        if name.contains("slow") {
            // Envoy counts from the start of its turn, and in whole milliseconds.
            assert!(took >= PATIENCE * 9 / 10, "{name} took {took:?} only");
        }
        // Requests that the rule does not match are unaffected.
        let free = http::once(
            envoy.address(name)?,
            &caller,
            http::Version::Http1,
            ClientRequest::get("/free"),
        );
        assert_eq!(free.await?.status, 200, "{name}");
        reached.push("/free".to_owned());
    }
    assert_eq!(upstream.paths(), reached);
    assert_sound(&envoy);
    Ok(())
}

#[tokio::test]
async fn an_http_authorizer_that_gives_no_answer() -> Result<()> {
    let nobody = Port::reserve()?;
    let slow = HttpAuthorizer::start(|_| HttpAnswer::allow().after(Duration::from_secs(20))).await?;
    let broken = HttpAuthorizer::start(|_| HttpAnswer::allow().breaking_off()).await?;
    let error = HttpAuthorizer::start(|_| HttpAnswer::status(500).body("error")).await?;
    let overloaded = HttpAuthorizer::start(|_| HttpAnswer::status(503)).await?;
    let garbage = FixedReplyServer::saying(b"200 OK, go ahead\r\n\r\n").await?;
    let silent = FixedReplyServer::saying(b"").await?;
    let half = FixedReplyServer::saying(b"HTTP/1.1 200 O").await?;
    let no_status = FixedReplyServer::saying(b"HTTP/1.1  \r\n\r\n").await?;
    let cut = FixedReplyServer::saying(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nyes").await?;
    let continues = FixedReplyServer::saying(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
    let at = |name, address, why| (name, Some(Cluster::http1(name, address)), why);
    let empty = Cluster::http1("empty", slow.address()).without_host();
    try_all(
        "envoyExtAuthzHttp",
        vec![
            ("missing", None, "Envoy has no cluster `missing`"),
            ("empty", Some(empty), "no host of cluster `empty`"),
            at("refused", ([127, 0, 0, 1], nobody.number()).into(), "status 503"),
            at("slow", slow.address(), "status 504"),
            at(
                "broken",
                broken.address(),
                "the answer of cluster `broken` broke off",
            ),
            at("error", error.address(), "status 500"),
            at("overloaded", overloaded.address(), "status 503"),
            at("garbage", garbage.address(), "status 502"),
            at("silent", silent.address(), "status 503"),
            at("half", half.address(), "status 50"),
            at("no-status", no_status.address(), "status 502"),
            at("cut", cut.address(), "the answer of cluster `cut` broke off"),
            at("continues", continues.address(), "status 50"),
        ],
    )
    .await
}

#[tokio::test]
async fn a_grpc_authorizer_that_gives_no_answer() -> Result<()> {
    let nobody = Port::reserve()?;
    let at = |name, address, why| (name, Some(Cluster::http2(name, address)), why);
    let mut failures = vec![
        ("missing", None, "Envoy has no cluster `missing`"),
        at("refused", ([127, 0, 0, 1], nobody.number()).into(), "status 14"),
    ];
    // Each must live until the end.
    let mut servers = Vec::new();
    let answers = [
        (
            "slow",
            GrpcAnswer::bytes(b"\x0a\x00").after(Duration::from_secs(20)),
            "status 14",
        ),
        ("internal", GrpcAnswer::status(13, "boom"), "status 13"),
        ("unimplemented", GrpcAnswer::status(12, "what?"), "status 12"),
        (
            "refuses",
            GrpcAnswer::status(7, "a status of the call is no answer"),
            "status 7",
        ),
        ("not-grpc", GrpcAnswer::http(200), "status 2"),
        ("error", GrpcAnswer::http(500), "status 2"),
        ("nothing", GrpcAnswer::nothing(), "status 13"),
        // In protobuf an empty message has the status OK, which would allow.
        ("blank", GrpcAnswer::bytes(b""), "has no status"),
        ("malformed", GrpcAnswer::bytes(b"\xff\xff\xff"), "is malformed"),
        ("truncated", GrpcAnswer::bytes(b"\x0a\x04\x08"), "is malformed"),
        ("text", GrpcAnswer::bytes(b"yes"), "is malformed"),
        ("broken", GrpcAnswer::breaking_off(), "status 13"),
    ];
    for (name, answer, why) in answers {
        let server = GrpcAuthorizer::start(move |_| answer.clone()).await?;
        failures.push(at(name, server.address(), why));
        servers.push(server);
    }
    let host = Cluster::http2("empty", servers[0].address());
    failures.push(("empty", Some(host.without_host()), "no host in it"));
    let garbage = FixedReplyServer::saying(b"HTTP/1.1 200 OK\r\n\r\n").await?;
    failures.push(at("garbage", garbage.address(), "status 14"));
    let silent = FixedReplyServer::saying(b"").await?;
    failures.push(at("silent", silent.address(), "status 14"));
    try_all("envoyExtAuthzGrpc", failures).await
}
