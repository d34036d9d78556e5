//! An authorizer over HTTP: its questions, and the effect of its answers.

use anyhow::Result;
use peerwarden_lab::authorizer::{HttpAnswer, HttpAuthorizer};
use peerwarden_lab::client::{ClientRequest, Reply, http};
use peerwarden_lab::upstream::ReceivedRequest;
use serde_json::json;

use super::fixture::{DENIED_BY_ASK, ask, assert_sound, http_provider, orders, values};
use crate::fixture::{FRONTEND, Mesh};

fn reached(seen: &ReceivedRequest, name: &str) -> Vec<String> {
    values(&seen.headers, name)
}

fn got(reply: &Reply, name: &str) -> Vec<String> {
    values(&reply.headers, name)
}

#[tokio::test]
async fn a_yes_changes_the_request_and_the_response_as_the_provider_says() -> Result<()> {
    let mesh = Mesh::new()?;
    let authorizer = HttpAuthorizer::start(|_| {
        HttpAnswer::allow()
            .header("x-user", "ann")
            .header("x-group", "staff")
            .header("x-group", "night")
            .header("x-seen", "by the authorizer")
            .header("x-secret", "not for others")
            .body("a body that is for nobody")
    })
    .await?;
    let providers = http_provider(json!({
        "headersToUpstreamOnAllow": ["x-user", "x-gr*"],
        "headersToDownstreamOnAllow": ["x-seen"],
        "headersToDownstreamOnDeny": ["x-secret"],
    }));
    let orders = orders(&mesh, json!([ask()]), providers, &authorizer).await?;
    let forged = ClientRequest::post("/ask?q=1")
        .header("x-user", "root")
        .header("x-user", "admin")
        .header("x-mine", "kept")
        .body("the body")
        .id("yes");
    let reply = orders
        .connect(&mesh.caller(FRONTEND)?)
        .await?
        .send(forged)
        .await?;
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(got(&reply, "x-seen"), ["by the authorizer"]);
    for name in ["x-user", "x-group", "x-secret"] {
        assert!(got(&reply, name).is_empty(), "{name}: {reply:?}");
    }
    let seen = orders.upstream.seen();
    assert_eq!((seen.len(), seen[0].path.as_str()), (1, "/ask?q=1"));
    assert_eq!(
        reached(&seen[0], "x-user"),
        ["ann"],
        "what the caller says is gone"
    );
    assert_eq!(reached(&seen[0], "x-group"), ["staff", "night"]);
    assert_eq!(reached(&seen[0], "x-mine"), ["kept"]);
    for name in ["x-seen", "x-secret"] {
        assert!(reached(&seen[0], name).is_empty(), "{name}");
    }
    let entry = orders
        .envoy
        .logged_access(|entry| entry.text("lab_id") == "yes")
        .await?;
    assert!(entry.decision().starts_with("allow "), "{entry:?}");
    assert_sound(&orders.envoy);
    Ok(())
}

#[tokio::test]
async fn a_no_is_the_callers_answer() -> Result<()> {
    let mesh = Mesh::new()?;
    let authorizer = HttpAuthorizer::start(|_| {
        HttpAnswer::status(401)
            .header("x-why", "no session")
            .header("set-cookie", "a=1")
            .header("set-cookie", "b=2")
            .header("www-authenticate", "Bearer")
            .header("location", "https://login.lab/")
            .header("x-secret", "not for others")
            .body("who are you?")
    })
    .await?;
    let providers = http_provider(json!({
        "headersToDownstreamOnDeny": ["x-why", "set-cookie"],
        "headersToUpstreamOnAllow": ["x-secret"],
    }));
    let orders = orders(&mesh, json!([ask()]), providers, &authorizer).await?;
    let mut connection = orders.connect(&mesh.caller(FRONTEND)?).await?;
    let reply = connection.send(ClientRequest::get("/ask").id("no")).await?;
    assert_eq!((reply.status, reply.body.as_str()), (401, "who are you?"));
    assert_eq!(got(&reply, "x-why"), ["no session"]);
    assert_eq!(got(&reply, "set-cookie"), ["a=1", "b=2"]);
    assert_eq!(
        got(&reply, "content-length"),
        ["12"],
        "the authorizer's framing is not the reply's"
    );
    // Envoy's own filter passes these on whatever the provider says.
    assert_eq!(got(&reply, "www-authenticate"), ["Bearer"]);
    assert_eq!(got(&reply, "location"), ["https://login.lab/"]);
    assert!(got(&reply, "x-secret").is_empty());
    let entry = orders
        .envoy
        .logged_access(|entry| entry.text("lab_id") == "no")
        .await?;
    assert_eq!(
        (entry.decision(), entry.details()),
        (DENIED_BY_ASK, "ext_authz_denied")
    );
    assert_eq!(orders.upstream.paths(), Vec::<String>::new());
    // The connection stays open.
    assert_eq!(connection.send(ClientRequest::get("/free")).await?.status, 200);
    assert_eq!(authorizer.asked().len(), 1);
    assert_sound(&orders.envoy);
    Ok(())
}

#[tokio::test]
async fn each_status_is_a_yes_a_no_or_no_answer() -> Result<()> {
    let mesh = Mesh::new()?;
    let authorizer = HttpAuthorizer::start(|question| {
        let status = question
            .path
            .rsplit('/')
            .next()
            .and_then(|text| text.parse().ok());
        HttpAnswer::status(status.unwrap_or(500)).body("said")
    })
    .await?;
    let providers = http_provider(json!({"statusOnError": "502"}));
    let orders = orders(&mesh, json!([ask()]), providers, &authorizer).await?;
    let caller = mesh.caller(FRONTEND)?;
    for (said, status, body) in [
        (200, 200, None),
        (201, 201, Some("said")),
        (202, 202, Some("said")),
        (302, 302, Some("said")),
        (400, 400, Some("said")),
        (403, 403, Some("said")),
        (404, 404, Some("said")),
        (429, 429, Some("said")),
        (500, 502, Some("")),
        (503, 502, Some("")),
        (599, 502, Some("")),
    ] {
        // Envoy closes an HTTP/1.1 connection on which it has answered 400 itself.
        let mut connection = orders.connect(&caller).await?;
        let reply = connection
            .send(ClientRequest::get(&format!("/ask/{said}")))
            .await?;
        assert_eq!(reply.status, status, "{said}: {reply:?}");
        if let Some(body) = body {
            assert_eq!(reply.body, body, "{said}");
        }
    }
    assert_eq!(orders.upstream.paths(), ["/ask/200"], "only 200 is a yes");
    Ok(())
}

#[tokio::test]
async fn it_gets_the_method_the_path_and_the_named_headers_and_no_others() -> Result<()> {
    let mesh = Mesh::new()?;
    let authorizer = HttpAuthorizer::start(|_| HttpAnswer::allow()).await?;
    let providers = http_provider(json!({
        "pathPrefix": "/check",
        "includeRequestHeadersInCheck": ["x-team", "x-trace-*"],
        "includeAdditionalHeadersInCheck": {"x-asker": "orders", "x-fixed": "ours"},
    }));
    let orders = orders(&mesh, json!([ask()]), providers, &authorizer).await?;
    let caller = mesh.caller(FRONTEND)?;
    let address = orders.envoy.address("orders")?;
    for version in [http::Version::Http1, http::Version::Http2] {
        let asked = ClientRequest::post("/ask/7?full=1&x=%20")
            .host("shop.lab:8443")
            .header("authorization", "Bearer token")
            .header("x-team", "a")
            .header("x-team", "b")
            .header("x-trace-id", "t-1")
            .header("x-fixed", "forged")
            .header("cookie", "session=1")
            .header("x-private", "secret")
            .body("the body stays here");
        assert_eq!(http::once(address, &caller, version, asked).await?.status, 200);
        let question = authorizer.asked().pop().expect("it was asked");
        assert_eq!(
            (question.method.as_str(), question.path.as_str()),
            ("POST", "/check/ask/7?full=1&x=%20"),
            "{version:?}"
        );
        assert!(question.body.is_empty());
        for (name, expected) in [
            ("host", &["shop.lab:8443"][..]),
            ("authorization", &["Bearer token"]),
            ("x-team", &["a", "b"]),
            ("x-trace-id", &["t-1"]),
            ("x-asker", &["orders"]),
            ("x-fixed", &["ours"]),
            ("content-length", &["0"]),
        ] {
            assert_eq!(question.header(name), expected, "{version:?}: {name}");
        }
        let own: Vec<&str> = question
            .header_names()
            .into_iter()
            .filter(|name| !name.starts_with("x-envoy-"))
            .collect();
        assert_eq!(
            own,
            [
                "authorization",
                "content-length",
                "host",
                "x-asker",
                "x-fixed",
                "x-team",
                "x-trace-id"
            ],
            "{version:?}"
        );
    }
    assert_eq!(authorizer.asked().len(), 2);
    Ok(())
}
