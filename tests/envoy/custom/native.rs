//! Beside Envoy's own `ext_authz` filter, which Istio configures: the same authorizer is asked the same, and its answer has
//! the same effect. This also shows that the laboratory's authorizer speaks Envoy's protocol.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use peerwarden_lab::authorizer::message::{
    CheckRequest, CheckResponse, DeniedHttpResponse, HeaderValueOption, HttpStatus, OkHttpResponse, RpcStatus,
};
use peerwarden_lab::authorizer::{GrpcAnswer, GrpcAuthorizer, HttpAnswer, HttpAuthorizer};
use peerwarden_lab::client::{Ask, Caller, Reply, http};
use peerwarden_lab::config::{Bootstrap, ClientCertificate, Cluster, Http, Listener, Protocol, Transport};
use peerwarden_lab::envoy::Envoy;
use peerwarden_lab::upstream::HttpEcho;
use serde_json::{Value, json};

use super::fixture::{Authorizer, ask, grpc_provider, http_provider, listener};
use crate::fixture::{FRONTEND, Mesh};

/// One Envoy with two listeners: one with Envoy's filter, one with the module.
struct Beside {
    envoy: Envoy,
    upstream: HttpEcho,
    caller: Caller,
}

/// What came of one request.
#[derive(Debug, PartialEq)]
struct Outcome {
    status: u16,
    body: String,
    reply: BTreeMap<String, Vec<String>>,
    /// What reached the upstream, if anything did.
    upstream: Option<BTreeMap<String, Vec<String>>>,
}

fn headers(map: &::http::HeaderMap) -> BTreeMap<String, Vec<String>> {
    /// What differs from request to request.
    const OWN: [&str; 3] = ["date", "x-request-id", "x-envoy-upstream-service-time"];
    let mut headers: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in map {
        if !OWN.contains(&name.as_str()) {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            headers.entry(name.to_string()).or_default().push(value);
        }
    }
    headers
}

/// Envoy's filter, of which `service` is the part about the authorizer.
fn ext_authz(service: Value) -> Value {
    let mut config = json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz",
        "transport_api_version": "V3",
        "status_on_error": {"code": "BadGateway"},
        "include_tls_session": true,
    });
    for (key, value) in service.as_object().into_iter().flatten() {
        config[key] = value.clone();
    }
    json!({"name": "envoy.filters.http.ext_authz", "typed_config": config})
}

impl Beside {
    async fn start(mesh: &Mesh, cluster: Cluster, native: Value, providers: Value) -> Result<Self> {
        let upstream = HttpEcho::start().await?;
        let transport = Transport::Inspected(mesh.server.clone(), ClientCertificate::Required);
        let http = Http {
            before: vec![ext_authz(native)],
            ..Http::default()
        };
        let native = Listener::new(
            "native",
            transport.clone(),
            Protocol::Http(http),
            upstream.address(),
        );
        let module = listener("module", transport, upstream.address(), json!([ask()]), providers)?;
        let bootstrap = Bootstrap::new().listener(native).listener(module);
        let envoy = Envoy::start(bootstrap.cluster(cluster)).await?;
        let caller = mesh.caller(FRONTEND)?.server_name("orders.mesh.lab");
        Ok(Self {
            envoy,
            upstream,
            caller,
        })
    }

    async fn outcome(&self, listener: &str, ask: Ask) -> Result<Outcome> {
        let before = self.upstream.seen().len();
        let address = self.envoy.address(listener)?;
        let reply: Reply = http::once(address, &self.caller, http::Version::Http1, ask).await?;
        let seen = self.upstream.seen();
        let upstream = seen.get(before).map(|seen| headers(&seen.headers));
        let mut outcome = Outcome {
            status: reply.status,
            body: reply.body,
            reply: headers(&reply.headers),
            upstream,
        };
        if outcome.upstream.is_some() {
            // The upstream tells what it saw, the request's id too.
            outcome.body.clear();
            outcome.reply.remove("content-length");
        }
        Ok(outcome)
    }

    /// The same of both.
    async fn agree(&self, path: &str) -> Result<Outcome> {
        let ask = || {
            Ask::post(path)
                .header("x-user", "root")
                .header("x-user", "admin")
                .header("x-gone", "1")
                .header("x-team", "a")
                .header("authorization", "Bearer token")
                .body("12345")
        };
        let native = self.outcome("native", ask()).await?;
        let module = self.outcome("module", ask()).await?;
        assert_eq!(module, native, "{path}: the module, and Envoy's own filter");
        Ok(module)
    }
}

/// Without what differs from request to request.
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
    // Envoy counts what it has received of the body, which is nothing yet; the module says how long it will be.
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
        "/ask/error" => return GrpcAnswer::status(13, "boom"),
        "/ask/http" => return GrpcAnswer::http(500),
        "/ask/nothing" => return GrpcAnswer::nothing(),
        "/ask/malformed" => return GrpcAnswer::bytes(b"\xff\xff"),
        _ => return GrpcAnswer::status(5, "no such path"),
    };
    GrpcAnswer::response(&response)
}

#[tokio::test]
async fn by_grpc() -> Result<()> {
    let mesh = Mesh::new()?;
    let authorizer = GrpcAuthorizer::start(|question| {
        grpc_answer(super::grpc::http(question).map_or("", |http| &http.path))
    })
    .await?;
    let native = json!({"grpc_service": {
        "envoy_grpc": {"cluster_name": "authz", "authority": "authz.tools.svc.cluster.local"},
        "timeout": "5s",
    }});
    let providers = grpc_provider(json!({"statusOnError": "502"}));
    let beside = Beside::start(&mesh, authorizer.cluster(), native, providers).await?;
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

/// The answer for each path.
fn http_answer(path: &str) -> HttpAnswer {
    let yes = || {
        HttpAnswer::allow()
            .header("x-user", "ann")
            .header("x-other", "1")
            .header("x-seen", "1")
            .body("unread")
    };
    match path {
        "/check/ask/yes" => HttpAnswer::allow(),
        "/check/ask/tells" => yes(),
        "/check/ask/201" => HttpAnswer::status(201).header("x-user", "ann").body("made"),
        "/check/ask/403" => HttpAnswer::status(403).header("x-why", "no").body("no"),
        "/check/ask/401" => HttpAnswer::status(401)
            .header("www-authenticate", "Bearer")
            .header("x-other", "1"),
        "/check/ask/302" => HttpAnswer::status(302).header("location", "https://login.lab/"),
        "/check/ask/404" => HttpAnswer::status(404).body("no such thing"),
        "/check/ask/cookies" => HttpAnswer::status(401)
            .header("set-cookie", "a=1")
            .header("set-cookie", "b=2"),
        "/check/ask/500" => HttpAnswer::status(500).header("x-why", "error").body("error"),
        "/check/ask/503" => HttpAnswer::status(503),
        "/check/ask/broken" => HttpAnswer::allow().breaking_off(),
        _ => HttpAnswer::status(418).body("no such path"),
    }
}

#[tokio::test]
async fn by_http() -> Result<()> {
    let mesh = Mesh::new()?;
    let authorizer = HttpAuthorizer::start(|question| http_answer(&question.path)).await?;
    let only = |names: &[&str]| -> Value {
        let patterns: Vec<Value> = names.iter().map(|name| json!({"exact": name})).collect();
        json!({ "patterns": patterns })
    };
    let native = json!({
        "allowed_headers": only(&["x-team"]),
        "http_service": {
            "server_uri": {"uri": "http://authz.tools.svc.cluster.local", "cluster": "authz", "timeout": "5s"},
            "path_prefix": "/check",
            "authorization_request": {"headers_to_add": [{"key": "x-asker", "value": "orders"}]},
            "authorization_response": {
                "allowed_upstream_headers": only(&["x-user"]),
                "allowed_client_headers": only(&["x-why", "set-cookie"]),
                "allowed_client_headers_on_success": only(&["x-seen"]),
            },
        },
    });
    let providers = http_provider(json!({
        "pathPrefix": "/check",
        "statusOnError": "502",
        "includeRequestHeadersInCheck": ["x-team"],
        "includeAdditionalHeadersInCheck": {"x-asker": "orders"},
        "headersToUpstreamOnAllow": ["x-user"],
        "headersToDownstreamOnDeny": ["x-why", "set-cookie"],
        "headersToDownstreamOnAllow": ["x-seen"],
    }));
    let beside = Beside::start(&mesh, authorizer.cluster(), native, providers).await?;
    let paths = [
        ("/ask/yes", 200),
        ("/ask/tells", 200),
        ("/ask/201", 201),
        ("/ask/403", 403),
        ("/ask/401", 401),
        ("/ask/302", 302),
        ("/ask/404", 404),
        ("/ask/cookies", 401),
        ("/ask/500", 502),
        ("/ask/503", 502),
        ("/ask/broken", 502),
    ];
    for (path, status) in paths {
        assert_eq!(beside.agree(path).await?.status, status, "{path}");
    }
    let asked = authorizer.asked();
    assert_eq!(asked.len(), 2 * paths.len());
    for pair in asked.chunks(2) {
        let (native, module) = (&pair[0], &pair[1]);
        assert_eq!(
            (&module.method, &module.path, &module.body),
            (&native.method, &native.path, &native.body)
        );
        assert_eq!(
            headers(&module.headers),
            headers(&native.headers),
            "{}",
            native.path
        );
    }
    Ok(())
}
