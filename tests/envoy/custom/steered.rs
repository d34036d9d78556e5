//! Headers by which a client could steer the question itself, if the provider's configuration includes them: what Envoy answers in the
//! authorizer's place, and when it gives up.

use std::time::Duration;

use anyhow::Result;
use peerwarden_lab::authorizer::{FixedReplyServer, HttpAnswer, HttpAuthorizer};
use peerwarden_lab::client::{ClientRequest, http};
use peerwarden_lab::config::{Bootstrap, Cluster, Port, Transport};
use peerwarden_lab::envoy::Envoy;
use peerwarden_lab::upstream::HttpEcho;
use serde_json::json;

use super::fixture::{NO_ANSWER_TO_ASK, ask, assert_sound, listener, provider};
use crate::fixture::{FRONTEND, Mesh};

/// To a call whose `content-type` is gRPC's, Envoy's own 503 and 504 are answers with status 200 and a `grpc-status`.
#[tokio::test]
async fn a_failure_in_grpcs_form_is_no_permission() -> Result<()> {
    let mesh = Mesh::new()?;
    let upstream = HttpEcho::start().await?;
    let nobody = Port::reserve()?;
    let slow = HttpAuthorizer::start(|_| HttpAnswer::allow().after(Duration::from_secs(20))).await?;
    let silent = FixedReplyServer::saying(b"").await?;
    let mut bootstrap = Bootstrap::new();
    let clusters = [
        ("refused", ([127, 0, 0, 1], nobody.number()).into()),
        ("slow", slow.address()),
        ("silent", silent.address()),
    ];
    for (name, address) in clusters {
        let fields =
            json!({"cluster": name, "timeout": "0.3s", "includeRequestHeadersInCheck": ["content-*"]});
        let providers = provider("envoyExtAuthzHttp", fields);
        let transport = Transport::mutual(&mesh.server);
        let resources = json!([ask()]);
        let listener = listener(&asking(name), transport, upstream.address(), resources, providers)?;
        bootstrap = bootstrap
            .listener(listener)
            .cluster(Cluster::http1(name, address));
    }
    let envoy = Envoy::start(bootstrap).await?;
    let caller = mesh.caller(FRONTEND)?;
    for (name, _) in clusters {
        for kind in [
            "application/grpc",
            "application/grpc+proto",
            "Application/gRPC",
            "text/plain",
        ] {
            let id = format!("{name} {kind}");
            let asked = ClientRequest::get("/ask").header("content-type", kind).id(&id);
            http::once(
                envoy.address(&asking(name))?,
                &caller,
                http::Version::Http1,
                asked,
            )
            .await?;
            let entry = envoy.logged_access(|entry| entry.text("lab_id") == id).await?;
            assert_eq!(entry.decision(), NO_ANSWER_TO_ASK, "{id}");
        }
    }
    assert_eq!(upstream.paths(), Vec::<String>::new());
    assert_sound(&envoy);
    Ok(())
}

fn asking(cluster: &str) -> String {
    format!("asking {cluster}")
}

/// With `failOpen` nobody may make the authorizer late.
#[tokio::test]
async fn a_client_does_not_set_the_time_out() -> Result<()> {
    let mesh = Mesh::new()?;
    let upstream = HttpEcho::start().await?;
    let no = HttpAuthorizer::start(|_| HttpAnswer::status(401).after(Duration::from_millis(200))).await?;
    let fields = json!({"failOpen": true, "includeRequestHeadersInCheck": ["x-*", "grpc-*"]});
    let providers = provider("envoyExtAuthzHttp", fields);
    let transport = Transport::mutual(&mesh.server);
    let listener = listener("asking", transport, upstream.address(), json!([ask()]), providers)?;
    let bootstrap = Bootstrap::new().listener(listener);
    let envoy = Envoy::start(bootstrap.cluster(Cluster::http1("authz", no.address()))).await?;
    let caller = mesh.caller(FRONTEND)?;
    for (name, value) in [
        ("x-envoy-upstream-rq-timeout-ms", "1"),
        ("x-envoy-upstream-rq-per-try-timeout-ms", "1"),
        ("x-envoy-expected-rq-timeout-ms", "1"),
        ("x-envoy-upstream-stream-duration-ms", "1"),
        ("x-envoy-upstream-rq-timeout-alt-response", "1"),
        ("x-envoy-retry-on", "5xx"),
        ("grpc-timeout", "1m"),
    ] {
        let asked = ClientRequest::get("/ask").header(name, value);
        let reply = http::once(envoy.address("asking")?, &caller, http::Version::Http1, asked).await?;
        assert_eq!(reply.status, 401, "{name}: {reply:?}");
    }
    assert_eq!(upstream.paths(), Vec::<String>::new());
    assert_sound(&envoy);
    Ok(())
}
