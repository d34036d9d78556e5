//! Over HTTP.

use anyhow::Result;
use peerwarden_lab::authorizer::{HttpAnswer, HttpAuthorizer};
use serde_json::{Value, json};

use super::{FilterPair, headers};
use crate::custom::fixture::{Authorizer, http_provider};
use crate::fixture::Mesh;

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
async fn the_authorizer_and_the_caller_see_no_difference() -> Result<()> {
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
    let beside = FilterPair::start(&mesh, authorizer.cluster(), native, providers).await?;
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
