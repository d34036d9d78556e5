//! Over gRPC.

use anyhow::{Context, Result};
use peerwarden_lab::authorizer::message::{
    CheckRequest, CheckResponse, DeniedHttpResponse, HeaderValueOption, HttpStatus, OkHttpResponse, RpcStatus,
};
use peerwarden_lab::authorizer::{GrpcAnswer, GrpcAuthorizer};
use peerwarden_lab::client::ClientRequest;
use serde_json::json;

use super::FilterPair;
use crate::custom::fixture::{Authorizer, grpc_provider, told};
use crate::fixture::Mesh;

/// The request without the parts that differ from request to request.
fn comparable(request: &CheckRequest) -> Result<CheckRequest> {
    let mut request = request.clone();
    let context = request.attributes.as_mut().context("without attributes")?;
    for peer in [&mut context.source, &mut context.destination] {
        let peer = peer.as_mut().context("without a peer")?;
        let address = peer.address.as_mut().context("without an address")?;
        let socket = address.socket_address.as_mut().context("without a socket's")?;
        assert!(socket.port_value > 0);
        socket.port_value = 0;
    }
    let request_part = context.request.as_mut().context("without a request")?;
    assert!(request_part.time.take().is_some());
    let http = request_part.http.as_mut().context("without HTTP")?;
    assert!(!http.id.is_empty());
    http.id.clear();
    http.headers.remove("x-request-id");
    // Envoy counts the received part of the body, which is empty so far; the module sends the announced length.
    assert!(matches!(http.size, 0 | 5));
    http.size = 0;
    Ok(request)
}

fn deny(code: i32, body: &str, headers: Vec<HeaderValueOption>) -> CheckResponse {
    CheckResponse::deny(DeniedHttpResponse {
        status: (code != 0).then_some(HttpStatus { code }),
        headers,
        body: body.to_owned(),
    })
}

fn bare(code: i32) -> CheckResponse {
    CheckResponse {
        status: Some(RpcStatus {
            code,
            message: "for logs".to_owned(),
        }),
        http_response: None,
    }
}

/// The answer for each path.
fn grpc_answer(path: &str) -> GrpcAnswer {
    let line = HeaderValueOption::new;
    let put = HeaderValueOption::appending;
    let act = HeaderValueOption::acting;
    let allow = |headers, removed: &[&str], response| {
        CheckResponse::allow(OkHttpResponse {
            headers,
            headers_to_remove: removed.iter().map(ToString::to_string).collect(),
            response_headers_to_add: response,
        })
    };
    let response = match path {
        "/ask/yes" => allow(vec![], &[], vec![]),
        "/ask/sets" => allow(vec![line("x-user", "ann")], &[], vec![]),
        "/ask/appends-to-none" => allow(vec![put("x-new", "b", true)], &[], vec![]),
        "/ask/appends-twice" => allow(
            vec![put("x-team", "b", true), put("x-team", "c", true)],
            &[],
            vec![],
        ),
        "/ask/sets-twice" => allow(vec![line("x-user", "ann"), line("x-user", "bob")], &[], vec![]),
        "/ask/sets-host" => allow(
            vec![line("host", "other.lab"), line(":path", "/other")],
            &[],
            vec![],
        ),
        "/ask/sets-and-removes" => allow(vec![line("x-gone", "2")], &["x-gone"], vec![]),
        "/ask/tells-known" => allow(
            vec![],
            &[],
            vec![
                line("content-type", "text/plain"),
                put("server", "me", false),
                put("x-seen", "1", true),
            ],
        ),
        "/ask/action-1" => allow(vec![act("x-team", "b", 1), act("x-new", "n", 1)], &[], vec![]),
        "/ask/action-2" => allow(vec![act("x-team", "b", 2), act("x-new", "n", 2)], &[], vec![]),
        "/ask/action-3" => allow(vec![act("x-team", "b", 3), act("x-new", "n", 3)], &[], vec![]),
        "/ask/reply-1" => allow(vec![], &[], vec![act("server", "b", 1), act("x-new", "n", 1)]),
        "/ask/reply-2" => allow(vec![], &[], vec![act("server", "b", 2), act("x-new", "n", 2)]),
        "/ask/reply-3" => allow(vec![], &[], vec![act("server", "b", 3), act("x-new", "n", 3)]),
        "/ask/no-twice" => deny(
            401,
            "",
            vec![line("set-cookie", "a=1"), line("set-cookie", "b=2")],
        ),
        "/ask/no-1" => deny(
            401,
            "x",
            vec![act("content-type", "text/html", 1), act("x-new", "n", 1)],
        ),
        "/ask/no-2" => deny(
            401,
            "x",
            vec![act("content-type", "text/html", 2), act("x-new", "n", 2)],
        ),
        "/ask/no-3" => deny(
            401,
            "x",
            vec![act("content-type", "text/html", 3), act("x-new", "n", 3)],
        ),
        "/ask/no-type" => deny(401, "x", vec![line("content-type", "text/html")]),
        "/ask/appends" => allow(vec![put("x-team", "b", true)], &[], vec![]),
        "/ask/overwrites" => allow(vec![put("x-team", "b", false)], &[], vec![]),
        "/ask/removes" => allow(vec![], &["x-gone", "X-Team", "host", ":path"], vec![]),
        "/ask/tells" => allow(vec![], &[], vec![line("x-seen", "1"), line("x-seen", "2")]),
        "/ask/bare-yes" => bare(0),
        "/ask/bare-no" => bare(7),
        "/ask/bare-16" => bare(16),
        "/ask/no" => deny(0, "", vec![]),
        "/ask/401" => deny(401, "who?", vec![line("www-authenticate", "Bearer")]),
        "/ask/429" => deny(
            429,
            "later",
            vec![line("retry-after", "7"), line("X-Why", "much")],
        ),
        "/ask/302" => deny(302, "", vec![line("location", "https://login.lab/")]),
        "/ask/503" => deny(503, "busy", vec![]),
        "/ask/200" => deny(200, "denied all the same", vec![]),
        "/ask/blank" => return GrpcAnswer::bytes(b""),
        "/ask/error" => return GrpcAnswer::status(13, "boom"),
        "/ask/http" => return GrpcAnswer::http(500),
        "/ask/nothing" => return GrpcAnswer::nothing(),
        "/ask/malformed" => return GrpcAnswer::bytes(b"\xff\xff"),
        _ => return GrpcAnswer::status(5, "no such path"),
    };
    GrpcAnswer::response(&response)
}

#[tokio::test]
async fn the_authorizer_and_the_caller_see_no_difference() -> Result<()> {
    let mesh = Mesh::new()?;
    let authorizer =
        GrpcAuthorizer::start(|question| grpc_answer(told(question).map_or("", |http| &http.path))).await?;
    let native = json!({"grpc_service": {
        "envoy_grpc": {"cluster_name": "authz", "authority": "authz.tools.svc.cluster.local"},
        "timeout": "5s",
    }});
    let providers = grpc_provider(json!({"statusOnError": "502"}));
    let beside = FilterPair::start(&mesh, authorizer.cluster(), native, providers).await?;
    let paths = [
        ("/ask/yes", 200),
        ("/ask/sets", 200),
        ("/ask/sets-twice", 200),
        ("/ask/sets-host", 200),
        ("/ask/sets-and-removes", 200),
        ("/ask/appends", 200),
        ("/ask/appends-to-none", 200),
        ("/ask/appends-twice", 200),
        ("/ask/overwrites", 200),
        ("/ask/removes", 200),
        ("/ask/tells", 200),
        ("/ask/tells-known", 200),
        ("/ask/action-1", 200),
        ("/ask/action-2", 200),
        ("/ask/action-3", 200),
        ("/ask/reply-1", 200),
        ("/ask/reply-2", 200),
        ("/ask/reply-3", 200),
        ("/ask/no-twice", 401),
        ("/ask/no-1", 401),
        ("/ask/no-2", 401),
        ("/ask/no-3", 401),
        ("/ask/no-type", 401),
        ("/ask/bare-yes", 200),
        ("/ask/bare-no", 403),
        ("/ask/bare-16", 403),
        ("/ask/no", 403),
        ("/ask/401", 401),
        ("/ask/429", 429),
        ("/ask/302", 302),
        ("/ask/503", 503),
        ("/ask/200", 200),
        ("/ask/error", 502),
        ("/ask/http", 502),
        ("/ask/nothing", 502),
        ("/ask/malformed", 502),
    ];
    for (path, status) in paths {
        assert_eq!(beside.agree(path).await?.status, status, "{path}");
    }
    let asked = authorizer.asked();
    assert_eq!(asked.len(), 2 * paths.len());
    for pair in asked.chunks(2) {
        let (native, module) = (&pair[0], &pair[1]);
        assert_eq!(
            (&module.path, &module.authority),
            (&native.path, &native.authority)
        );
        assert_eq!(comparable(&module.request)?, comparable(&native.request)?);
    }
    Ok(())
}

/// In protobuf a message without a status has the status OK, which Envoy's filter accepts as an allow.
#[tokio::test]
async fn only_envoys_filter_takes_an_empty_answer_for_a_yes() -> Result<()> {
    let mesh = Mesh::new()?;
    let authorizer = GrpcAuthorizer::start(|_| grpc_answer("/ask/blank")).await?;
    let native = json!({"grpc_service": {"envoy_grpc": {"cluster_name": "authz"}, "timeout": "5s"}});
    let providers = grpc_provider(json!({"statusOnError": "502"}));
    let beside = FilterPair::start(&mesh, authorizer.cluster(), native, providers).await?;
    for (listener, status) in [("native", 200), ("module", 502)] {
        let outcome = beside.outcome(listener, ClientRequest::get("/ask/blank")).await?;
        assert_eq!(outcome.status, status, "{listener}");
    }
    assert_eq!(authorizer.asked().len(), 2);
    Ok(())
}
