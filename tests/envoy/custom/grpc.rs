//! An authorizer over gRPC: its questions, and the effect of its answers.

use anyhow::{Context, Result};
use peerwarden_lab::authorizer::message::{
    CheckResponse, DeniedHttpResponse, HeaderValueOption, HttpStatus, OkHttpResponse,
};
use peerwarden_lab::authorizer::{GrpcAnswer, GrpcAuthorizer};
use peerwarden_lab::client::{ClientRequest, http};
use peerwarden_lab::config::{Bootstrap, ClientCertificate, Port, Transport};
use peerwarden_lab::envoy::Envoy;
use peerwarden_lab::upstream::{HttpEcho, ReceivedRequest};
use serde_json::json;

use super::fixture::{
    Authorizer, DENIED_BY_ASK, ask, assert_sound, grpc_provider, listener, orders, socket, told, values,
};
use crate::fixture::{FRONTEND, Mesh};

fn last(seen: &[ReceivedRequest], name: &str) -> Vec<String> {
    seen.last()
        .map(|seen| values(&seen.headers, name))
        .unwrap_or_default()
}

#[tokio::test]
async fn it_is_told_who_asks_for_what() -> Result<()> {
    let mesh = Mesh::new()?;
    let authorizer =
        GrpcAuthorizer::start(|_| GrpcAnswer::response(&CheckResponse::allow(OkHttpResponse::default())))
            .await?;
    let upstream = HttpEcho::start().await?;
    let port = Port::reserve()?;
    let transport = Transport::Inspected(mesh.server.clone(), ClientCertificate::Required);
    let resources = json!([ask()]);
    let providers = grpc_provider(json!({}));
    let listener = listener("orders", transport, upstream.address(), resources, providers)?.port(&port);
    let bootstrap = Bootstrap::new().listener(listener).cluster(authorizer.cluster());
    let envoy = Envoy::start(bootstrap).await?;
    let caller = mesh.caller(FRONTEND)?.server_name("orders.mesh.lab");
    for (version, protocol) in [
        (http::Version::Http1, "HTTP/1.1"),
        (http::Version::Http2, "HTTP/2"),
    ] {
        let asked = ClientRequest::post("/ask/7?full=1")
            .host("Shop.Lab:8443")
            .header("x-team", "a")
            .header("x-team", "b")
            .header("x-empty", "")
            .header("authorization", "Bearer token")
            .body("12345");
        let reply = http::once(envoy.address("orders")?, &caller, version, asked).await?;
        assert_eq!(reply.status, 200, "{reply:?}");

        let question = authorizer.asked().pop().context("it was not asked")?;
        assert_eq!(question.path, "/envoy.service.auth.v3.Authorization/Check");
        assert_eq!(question.authority, "authz.tools.svc.cluster.local");
        let context = question
            .request
            .attributes
            .as_ref()
            .context("without attributes")?;
        let source = context.source.as_ref().context("without a source")?;
        assert_eq!(source.principal, FRONTEND);
        let (ip, source_port) = socket(Some(source)).context("without the source's address")?;
        assert_eq!((ip, source_port > 0), ("127.0.0.1", true));
        assert_eq!(
            socket(context.destination.as_ref()),
            Some(("127.0.0.1", u32::from(port.number())))
        );
        let sni = context.tls_session.as_ref().map(|session| session.sni.as_str());
        assert_eq!(sni, Some("orders.mesh.lab"));
        let time = context.request.as_ref().and_then(|request| request.time.as_ref());
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
        let age = now.as_secs().cast_signed() - time.context("without a time")?.seconds;
        assert!((0..60).contains(&age), "it is {age} s old");

        let request = told(&question).context("without the request")?;
        assert_eq!(
            (
                request.method.as_str(),
                request.path.as_str(),
                request.host.as_str()
            ),
            ("POST", "/ask/7?full=1", "Shop.Lab:8443")
        );
        assert_eq!((request.protocol.as_str(), request.size), (protocol, 5));
        assert!(request.body.is_empty(), "bodies are not sent");
        let header = |name: &str| request.headers.get(name).map(String::as_str);
        assert_eq!(header("x-team"), Some("a,b"));
        assert_eq!(header("x-empty"), Some(""));
        assert_eq!(header("authorization"), Some("Bearer token"));
        assert_eq!(header(":path"), Some("/ask/7?full=1"));
        assert!(request.headers.keys().all(|name| *name == name.to_lowercase()));
        assert_eq!(request.id, header("x-request-id").unwrap_or_default());
        assert!(!request.id.is_empty());
    }
    assert_eq!(authorizer.asked().len(), 2);
    assert_sound(&envoy);
    Ok(())
}

#[tokio::test]
async fn a_yes_adds_sets_and_removes_headers() -> Result<()> {
    let mesh = Mesh::new()?;
    let authorizer = GrpcAuthorizer::start(|_| {
        GrpcAnswer::response(&CheckResponse::allow(OkHttpResponse {
            headers: vec![
                HeaderValueOption::new("x-user", "ann"),
                HeaderValueOption::appending("x-group", "staff", true),
                HeaderValueOption::appending("X-Mixed", "lower", false),
            ],
            headers_to_remove: ["x-internal", ":path", "host", "Upgrade", "connection", "te"]
                .map(str::to_owned)
                .into(),
            response_headers_to_add: vec![HeaderValueOption::new("x-seen", "by the authorizer")],
        }))
    })
    .await?;
    let orders = orders(&mesh, json!([ask()]), grpc_provider(json!({})), &authorizer).await?;
    let asked = ClientRequest::get("/ask")
        .header("x-user", "root")
        .header("x-user", "admin")
        .header("x-group", "guests")
        .header("x-internal", "1")
        .header("x-internal", "2");
    let reply = orders.connect(&mesh.caller(FRONTEND)?).await?.send(asked).await?;
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(values(&reply.headers, "x-seen"), ["by the authorizer"]);
    let seen = orders.upstream.seen();
    assert_eq!(last(&seen, "x-user"), ["ann"], "what the caller says is gone");
    assert_eq!(last(&seen, "x-group"), ["guests,staff"]);
    assert_eq!(last(&seen, "x-mixed"), ["lower"]);
    assert!(last(&seen, "x-internal").is_empty());
    assert_eq!(last(&seen, "host"), ["shop.lab"]);
    assert_eq!(orders.upstream.paths(), ["/ask"]);
    assert_sound(&orders.envoy);
    Ok(())
}

/// With a length of 0, the application reads the request's body as the next request, which nothing has decided.
#[tokio::test]
async fn a_yes_does_not_say_where_the_request_ends() -> Result<()> {
    let mesh = Mesh::new()?;
    let authorizer = GrpcAuthorizer::start(|_| {
        GrpcAnswer::response(&CheckResponse::allow(OkHttpResponse {
            headers: vec![
                HeaderValueOption::new("Content-Length", "0"),
                HeaderValueOption::appending("transfer-encoding", "chunked", true),
                HeaderValueOption::new("x-user", "ann"),
            ],
            ..OkHttpResponse::default()
        }))
    })
    .await?;
    let orders = orders(&mesh, json!([ask()]), grpc_provider(json!({})), &authorizer).await?;
    let asked = ClientRequest::post("/ask").body("GET /admin HTTP/1.1\r\nhost: shop.lab\r\n\r\n");
    let reply = orders.connect(&mesh.caller(FRONTEND)?).await?.send(asked).await?;
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(orders.upstream.paths(), ["/ask"]);
    assert_eq!(last(&orders.upstream.seen(), "x-user"), ["ann"]);
    assert_sound(&orders.envoy);
    Ok(())
}

#[tokio::test]
async fn a_no_is_the_callers_answer() -> Result<()> {
    let mesh = Mesh::new()?;
    let authorizer = GrpcAuthorizer::start(|question| {
        let path = told(question).map(|http| http.path.as_str());
        let denied = if path == Some("/ask/plain") {
            DeniedHttpResponse::default()
        } else {
            DeniedHttpResponse {
                status: Some(HttpStatus { code: 429 }),
                headers: vec![
                    HeaderValueOption::new("x-why", "too much"),
                    HeaderValueOption::new("retry-after", "7"),
                    // Envoy's own filter drops these, as the reply has none to append to.
                    HeaderValueOption::appending("set-cookie", "a=1", true),
                    HeaderValueOption::appending("set-cookie", "b=2", true),
                ],
                body: "come back later".to_owned(),
            }
        };
        GrpcAnswer::response(&CheckResponse::deny(denied))
    })
    .await?;
    let orders = orders(&mesh, json!([ask()]), grpc_provider(json!({})), &authorizer).await?;
    let mut connection = orders.connect(&mesh.caller(FRONTEND)?).await?;
    let reply = connection.send(ClientRequest::get("/ask").id("no")).await?;
    assert_eq!((reply.status, reply.body.as_str()), (429, "come back later"));
    assert_eq!(
        (reply.header("x-why"), reply.header("retry-after")),
        ("too much", "7")
    );
    assert_eq!(values(&reply.headers, "set-cookie"), ["a=1", "b=2"]);
    let entry = orders
        .envoy
        .logged_access(|entry| entry.text("lab_id") == "no")
        .await?;
    assert_eq!(
        (entry.decision(), entry.details()),
        (DENIED_BY_ASK, "ext_authz_denied")
    );

    let reply = connection.send(ClientRequest::get("/ask/plain")).await?;
    assert_eq!((reply.status, reply.body.as_str()), (403, ""));
    assert_eq!(orders.upstream.paths(), Vec::<String>::new());
    assert_eq!(connection.send(ClientRequest::get("/free")).await?.status, 200);
    assert_sound(&orders.envoy);
    Ok(())
}

/// A gRPC caller gets a gRPC status.
#[tokio::test]
async fn a_grpc_caller_gets_a_grpc_status() -> Result<()> {
    let mesh = Mesh::new()?;
    let authorizer = GrpcAuthorizer::start(|_| {
        GrpcAnswer::response(&CheckResponse::deny(DeniedHttpResponse {
            body: "not you".to_owned(),
            ..DeniedHttpResponse::default()
        }))
    })
    .await?;
    let orders = orders(&mesh, json!([ask()]), grpc_provider(json!({})), &authorizer).await?;
    let address = orders.envoy.address("orders")?;
    let call = ClientRequest::grpc("/ask.Orders/Get");
    let reply = http::once(address, &mesh.caller(FRONTEND)?, http::Version::Http2, call).await?;
    assert_eq!((reply.status, reply.grpc_status()), (200, "7"), "{reply:?}");
    assert_eq!(reply.header("grpc-message"), "not you");
    Ok(())
}

/// `status` alone is an answer too.
#[tokio::test]
async fn a_bare_status_is_a_yes_or_a_no() -> Result<()> {
    let mesh = Mesh::new()?;
    let authorizer = GrpcAuthorizer::start(|question| {
        let code = match told(question).map(|http| http.path.as_str()) {
            Some("/ask/ok") => 0,
            Some("/ask/unauthenticated") => 16,
            _ => 7,
        };
        GrpcAnswer::response(&CheckResponse {
            status: Some(peerwarden_lab::authorizer::message::RpcStatus {
                code,
                message: "for logs".to_owned(),
            }),
            http_response: None,
        })
    })
    .await?;
    let orders = orders(&mesh, json!([ask()]), grpc_provider(json!({})), &authorizer).await?;
    let caller = mesh.caller(FRONTEND)?;
    for (path, status) in [("/ask/ok", 200), ("/ask/unauthenticated", 403), ("/ask/no", 403)] {
        assert_eq!(
            orders.status(&caller, ClientRequest::get(path)).await?,
            status,
            "{path}"
        );
    }
    assert_eq!(orders.upstream.paths(), ["/ask/ok"]);
    Ok(())
}
