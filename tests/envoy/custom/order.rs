//! The order of CUSTOM among the other policies.

use anyhow::Result;
use peerwarden_lab::authorizer::{HttpAnswer, HttpAuthorizer};
use peerwarden_lab::client::ClientRequest;
use serde_json::json;

use super::fixture::{DENIED_BY_ASK, ask, custom, http_provider, orders};
use crate::fixture::{BACKEND, FRONTEND, Mesh, allow_principal, peer_authentication, policy};

#[tokio::test]
async fn a_yes_does_not_skip_the_other_policies() -> Result<()> {
    let mesh = Mesh::new()?;
    let authorizer = HttpAuthorizer::start(|_| HttpAnswer::allow()).await?;
    let closed = json!([{"to": [{"operation": {"paths": ["/ask/closed"]}}]}]);
    let resources = json!([
        ask(),
        policy("closed", "DENY", closed),
        allow_principal("frontend", FRONTEND)
    ]);
    let orders = orders(&mesh, resources, http_provider(json!({})), &authorizer).await?;
    let (frontend, backend) = (mesh.caller(FRONTEND)?, mesh.caller(BACKEND)?);
    let none = "rbac_access_denied_matched_policy[none]";
    let by_deny = "rbac_access_denied_matched_policy[ns[shop]-policy[closed]-rule[0]]";
    for (name, caller, path, status, details) in [
        ("allowed by both", &frontend, "/ask/open", 200, "via_upstream"),
        ("denied by DENY", &frontend, "/ask/closed", 403, by_deny),
        ("allowed by no ALLOW", &backend, "/ask/open", 403, none),
    ] {
        let reply = orders
            .connect(caller)
            .await?
            .send(ClientRequest::get(path).id(name))
            .await?;
        assert_eq!(reply.status, status, "{name}: {reply:?}");
        assert_eq!(reply.body == "RBAC: access denied", status == 403, "{name}");
        let entry = orders
            .envoy
            .logged_access(|entry| entry.text("lab_id") == name)
            .await?;
        assert_eq!(entry.details(), details, "{name}");
    }
    assert_eq!(orders.upstream.paths(), ["/ask/open"]);
    assert_eq!(authorizer.asked().len(), 3, "it was asked first each time");
    Ok(())
}

#[tokio::test]
async fn a_no_is_not_outvoted_by_an_allow() -> Result<()> {
    let mesh = Mesh::new()?;
    let authorizer = HttpAuthorizer::start(|_| HttpAnswer::status(403).body("no")).await?;
    let resources = json!([policy("everything", "ALLOW", json!([{}])), ask()]);
    let orders = orders(&mesh, resources, http_provider(json!({})), &authorizer).await?;
    let reply = orders
        .connect(&mesh.caller(FRONTEND)?)
        .await?
        .send(ClientRequest::get("/ask").id("no"))
        .await?;
    assert_eq!((reply.status, reply.body.as_str()), (403, "no"));
    let entry = orders
        .envoy
        .logged_access(|entry| entry.text("lab_id") == "no")
        .await?;
    assert_eq!(
        (entry.decision(), entry.details()),
        (DENIED_BY_ASK, "ext_authz_denied")
    );
    Ok(())
}

#[tokio::test]
async fn only_what_a_rule_matches_is_asked_about() -> Result<()> {
    let mesh = Mesh::new()?;
    let authorizer = HttpAuthorizer::start(|_| HttpAnswer::status(403)).await?;
    let rules = json!([{
        "to": [{"operation": {"methods": ["DELETE"], "notPaths": ["/tmp/*"]}}],
        "when": [{"key": "request.headers[x-risky]", "values": ["yes"]}],
    }]);
    let resources = json!([custom("ask", rules)]);
    let orders = orders(&mesh, resources, http_provider(json!({})), &authorizer).await?;
    let mut connection = orders.connect(&mesh.caller(FRONTEND)?).await?;
    let delete = |path: &str| ClientRequest::new(::http::Method::DELETE, path).header("x-risky", "yes");
    assert_eq!(connection.send(delete("/tmp/1")).await?.status, 200);
    assert_eq!(
        connection
            .send(ClientRequest::get("/orders").header("x-risky", "yes"))
            .await?
            .status,
        200
    );
    assert_eq!(
        connection
            .send(ClientRequest::new(::http::Method::DELETE, "/orders"))
            .await?
            .status,
        200
    );
    assert_eq!(authorizer.asked().len(), 0);
    assert_eq!(connection.send(delete("/orders/9")).await?.status, 403);
    let asked: Vec<String> = authorizer
        .asked()
        .into_iter()
        .map(|question| question.path)
        .collect();
    assert_eq!(asked, ["/orders/9"]);
    Ok(())
}

/// Mutual TLS comes first: no authorizer is called for a peer that is refused anyway.
#[tokio::test]
async fn a_peer_without_mutual_tls_is_refused_without_asking() -> Result<()> {
    use peerwarden_lab::client::{Caller, http};
    use peerwarden_lab::config::{Bootstrap, ClientCertificate, Transport};
    use peerwarden_lab::envoy::Envoy;
    use peerwarden_lab::upstream::HttpEcho;

    use super::fixture::{Authorizer, listener};

    let mesh = Mesh::new()?;
    let authorizer = HttpAuthorizer::start(|_| HttpAnswer::allow()).await?;
    let upstream = HttpEcho::start().await?;
    let transport = Transport::Permissive(mesh.server.clone(), ClientCertificate::Optional);
    let resources = json!([ask(), peer_authentication("STRICT")]);
    let listener = listener(
        "orders",
        transport,
        upstream.address(),
        resources,
        http_provider(json!({})),
    )?;
    let bootstrap = Bootstrap::new().listener(listener).cluster(authorizer.cluster());
    let envoy = Envoy::start(bootstrap).await?;
    let address = envoy.address("orders")?;
    for (caller, status, asked) in [(Caller::plaintext(), 403, 0), (mesh.caller(FRONTEND)?, 200, 1)] {
        let reply = http::once(address, &caller, http::Version::Http1, ClientRequest::get("/ask")).await?;
        assert_eq!((reply.status, authorizer.asked().len()), (status, asked));
    }
    Ok(())
}

/// The other policies see the request as the upstream gets it.
#[tokio::test]
async fn what_the_authorizer_adds_is_seen_by_the_policies_after_it() -> Result<()> {
    let mesh = Mesh::new()?;
    let authorizer = HttpAuthorizer::start(|question| {
        let role = if question.path == "/ask/1" {
            "guest"
        } else {
            "clerk"
        };
        HttpAnswer::allow().header("x-role", role)
    })
    .await?;
    let guests = json!([{"when": [{"key": "request.headers[x-role]", "values": ["guest"]}]}]);
    let resources = json!([ask(), policy("no-guests", "DENY", guests)]);
    let providers = http_provider(json!({"headersToUpstreamOnAllow": ["x-role"]}));
    let orders = orders(&mesh, resources, providers, &authorizer).await?;
    let caller = mesh.caller(FRONTEND)?;
    let forged = ClientRequest::get("/ask/1").header("x-role", "clerk");
    assert_eq!(orders.status(&caller, forged).await?, 403);
    let forged = ClientRequest::get("/ask/2").header("x-role", "guest");
    assert_eq!(orders.status(&caller, forged).await?, 200);
    Ok(())
}
