//! Keys that Envoy fetches: over TLS from a server whose certificate is verified; without keys no token is valid.

use anyhow::{Context, Result};
use peerwarden_lab::certificates::{Authority, Certificate};
use peerwarden_lab::client::ClientRequest;
use peerwarden_lab::config::Port;
use peerwarden_lab::deadline::{self, until};
use peerwarden_lab::token::Issuer;
use peerwarden_lab::upstream::KeyServer;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{PARTNER, VerifyingWorkload, alice, bearer, document, requires_a_token, rule, token};
use crate::jwt::ISSUER;

/// The authority that key servers are verified with, in a file.
struct Roots {
    authority: Authority,
    folder: TempDir,
}

impl Roots {
    fn new() -> Result<Self> {
        let roots = Self {
            authority: Authority::new("web")?,
            folder: tempfile::tempdir()?,
        };
        std::fs::write(roots.folder.path().join("roots.pem"), roots.authority.pem())?;
        Ok(roots)
    }

    /// The key in the description.
    fn key(&self) -> Value {
        json!({"jwksCaCertificates": self.folder.path().join("roots.pem")})
    }
}

fn fetched(uri: &str) -> Value {
    json!({"issuer": ISSUER, "jwksUri": uri, "timeout": "2s"})
}

async fn start(roots: &Roots, rules: &[Value]) -> Result<VerifyingWorkload> {
    VerifyingWorkload::start(roots.key(), &[document("tokens", rules), requires_a_token()]).await
}

#[tokio::test]
async fn over_tls_from_a_server_that_proves_its_name() -> Result<()> {
    let (roots, issuer) = (Roots::new()?, Issuer::new()?);
    let identity = roots.authority.issue(Certificate::nameless().dns("localhost"))?;
    let server = KeyServer::start(0, Some(&identity), &issuer.jwks()).await?;
    for host in ["localhost", "127.0.0.1"] {
        let before = server.fetched();
        let uri = format!("https://{host}:{}/jwks?of=orders", server.port());
        let verifying = start(&roots, &[fetched(&uri)]).await?;
        // The listener has waited for the keys, so no request has to.
        assert!(server.fetched() > before, "{host}");
        assert_eq!(verifying.status(bearer(&alice(&issuer)?)).await?, 200, "{host}");
        assert_eq!(
            verifying.status(bearer(&alice(&Issuer::new()?)?)).await?,
            401,
            "{host}"
        );
        assert_eq!(verifying.status(ClientRequest::get("/")).await?, 403, "{host}");
    }
    Ok(())
}

#[tokio::test]
async fn nothing_is_learnt_from_another_server() -> Result<()> {
    let (roots, issuer) = (Roots::new()?, Issuer::new()?);
    let stranger = Authority::new("web")?;
    let of_another_name = roots
        .authority
        .issue(Certificate::nameless().dns("keys.example"))?;
    let of_another_root = stranger.issue(Certificate::nameless().dns("localhost"))?;
    for (what, identity) in [
        ("another name", Some(&of_another_name)),
        ("another root", Some(&of_another_root)),
        ("plaintext", None),
    ] {
        let server = KeyServer::start(0, identity, &issuer.jwks()).await?;
        let uri = format!("https://localhost:{}/jwks", server.port());
        let verifying = start(&roots, &[fetched(&uri)]).await?;
        assert_eq!(verifying.status(bearer(&alice(&issuer)?)).await?, 401, "{what}");
        assert_eq!(verifying.status(ClientRequest::get("/")).await?, 403, "{what}");
        assert_eq!(server.fetched(), 0, "{what}");
    }
    Ok(())
}

#[tokio::test]
async fn a_server_that_is_down_is_asked_again() -> Result<()> {
    let (roots, issuer, own) = (Roots::new()?, Issuer::new()?, Issuer::new()?);
    let port = Port::reserve()?;
    let uri = format!("https://localhost:{}/jwks", port.number());
    let rules = [fetched(&uri), rule(&own, PARTNER, &json!({}))];
    let verifying = start(&roots, &rules).await?;
    assert_eq!(verifying.status(bearer(&alice(&issuer)?)).await?, 401);
    assert_eq!(verifying.status(ClientRequest::get("/")).await?, 403);
    // The keys of another issuer are not needed for its tokens.
    let partner = token(&own, PARTNER, &json!({}))?;
    assert_eq!(verifying.status(bearer(&partner)).await?, 200);
    let identity = roots.authority.issue(Certificate::nameless().dns("localhost"))?;
    let number = port.number();
    drop(port);
    let _server = KeyServer::start(number, Some(&identity), &issuer.jwks()).await?;
    until(deadline::START, "the keys", async || {
        let status = verifying.status(bearer(&alice(&issuer)?)).await?;
        Ok((status == 200).then_some(()))
    })
    .await
}

#[tokio::test]
async fn in_plaintext_only_where_the_document_says_so() -> Result<()> {
    let (roots, issuer) = (Roots::new()?, Issuer::new()?);
    let server = KeyServer::start(0, None, &issuer.jwks()).await?;
    let uri = format!("http://localhost:{}", server.port());
    let verifying = start(&roots, &[fetched(&uri)]).await?;
    assert_eq!(verifying.status(bearer(&alice(&issuer)?)).await?, 200);
    let reached = verifying.reached().context("no request")?;
    assert_eq!(reached.path, "/");
    Ok(())
}
