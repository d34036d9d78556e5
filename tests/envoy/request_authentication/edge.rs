//! Tokens at an ingress, and in the files that a running Envoy reloads.

use anyhow::{Context, Result};
use peerwarden_lab::client::http::{Version, once};
use peerwarden_lab::client::{Caller, ClientRequest};
use peerwarden_lab::deadline;
use peerwarden_lab::envoy::{Envoy, Launch};
use peerwarden_lab::token::Issuer;
use serde_json::{Value, json};

use super::{alice, bearer, preflight, rule};
use crate::ingress::{Edge, HOST};
use crate::jwt::ISSUER;

/// A document for the gateway.
fn of_gateway(kind: &str, spec: Value) -> Value {
    json!({
        "apiVersion": "security.istio.io/v1",
        "kind": kind,
        "metadata": {"name": kind.to_lowercase(), "namespace": "istio-ingress"},
        "spec": spec,
    })
}

fn documents(issuer: &Issuer) -> [Value; 2] {
    let rule = rule(issuer, ISSUER, &json!({"outputPayloadToHeader": "x-payload"}));
    let source = json!({"source": {"notRequestPrincipals": ["*"]}});
    [
        of_gateway("RequestAuthentication", json!({"jwtRules": [rule]})),
        of_gateway(
            "AuthorizationPolicy",
            json!({"action": "DENY", "rules": [{"from": [source]}]}),
        ),
    ]
}

async fn status(edge: &Edge, caller: &Caller, ask: ClientRequest) -> Result<u16> {
    let address = ([127, 0, 0, 1], edge.port.number()).into();
    Ok(once(address, caller, Version::Http2, ask.host(HOST))
        .await?
        .status)
}

#[tokio::test]
async fn an_ingress_verifies_tokens() -> Result<()> {
    let (edge, issuer) = (Edge::set().await?, Issuer::new()?);
    let tls = json!({"mode": "SIMPLE", "credentialName": "edge"});
    let ingress = edge.ingress(HOST, &tls, &documents(&issuer))?;
    let _envoy = Envoy::launch(Launch::yaml(ingress.file()?.text)).await?;
    let caller = Caller::anonymous(&edge.authority)?.server_name(HOST);
    let stranger = alice(&Issuer::new()?)?;
    for (what, ask, expected) in [
        ("good", bearer(&alice(&issuer)?), 200),
        ("none", ClientRequest::get("/"), 403),
        ("preflight", preflight(), 403),
        ("of another key", bearer(&stranger), 401),
        (
            "a forged payload",
            ClientRequest::get("/").header("x-payload", "forged"),
            403,
        ),
        (
            "a good one and a forged payload",
            bearer(&alice(&issuer)?).header("x-payload", "forged"),
            200,
        ),
    ] {
        assert_eq!(status(&edge, &caller, ask).await?, expected, "{what}");
    }
    let reached = edge.upstream.seen();
    assert_eq!(reached.len(), 2);
    assert!(reached.iter().all(|request| {
        let mut values = request.headers.get_all("x-payload").iter();
        values.next().is_some_and(|value| value != "forged") && values.next().is_none()
    }));
    Ok(())
}

#[tokio::test]
async fn documents_come_in_while_envoy_runs() -> Result<()> {
    let (edge, issuer) = (Edge::set().await?, Issuer::new()?);
    let folder = edge.directory.path().join("envoy");
    std::fs::create_dir(&folder)?;
    let tls = json!({"mode": "SIMPLE", "credentialName": "edge"});
    let deliver = |documents: &[Value]| -> Result<String> {
        let ingress = edge.ingress(HOST, &tls, documents)?;
        let files = ingress.files(folder.to_str().context("a path in UTF-8")?)?;
        for file in &files {
            let new = folder.join("new");
            std::fs::write(&new, &file.text)?;
            std::fs::rename(&new, folder.join(&file.name))?;
        }
        let bootstrap = files.into_iter().find(|file| file.name == "bootstrap.yaml");
        Ok(bootstrap.context("no bootstrap")?.text)
    };
    let _envoy = Envoy::launch(Launch::yaml(deliver(&[])?)).await?;
    let caller = Caller::anonymous(&edge.authority)?.server_name(HOST);
    let becomes = async |ask: ClientRequest, expected: u16| {
        deadline::until(deadline::START, "the new documents", async || {
            let status = status(&edge, &caller, ask.clone()).await.ok();
            Ok(status.filter(|status| *status == expected))
        })
        .await
    };
    let good = || -> Result<_> { Ok(bearer(&alice(&issuer)?)) };
    let bad = || bearer("alice");
    becomes(bad(), 200).await?;
    deliver(&documents(&issuer))?;
    becomes(bad(), 401).await?;
    becomes(good()?, 200).await?;
    becomes(ClientRequest::get("/"), 403).await?;
    // Another key, in the same way.
    deliver(&documents(&Issuer::new()?))?;
    becomes(good()?, 401).await?;
    Ok(())
}
