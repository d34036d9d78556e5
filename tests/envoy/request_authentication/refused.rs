//! Invalid tokens are refused before any policy; without a token, policies decide.

use anyhow::Result;
use peerwarden_lab::client::ClientRequest;
use peerwarden_lab::token::{Issuer, tampered};
use serde_json::{Value, json};

use super::{VerifyingWorkload, alice, bearer, document, preflight, requires_a_token, rule, token};
use crate::fixture::policy;
use crate::jwt::{ISSUER, claims, seconds_from_now};

/// Tokens that differ from alice's in one thing each, and the status.
fn invalid(issuer: &Issuer) -> Result<Vec<(&'static str, String, u16)>> {
    let of = |name: &str, more: Value| token(issuer, name, &more);
    let stranger = Issuer::new()?;
    Ok(vec![
        (
            "expired",
            of(ISSUER, json!({"exp": seconds_from_now(-3600)}))?,
            401,
        ),
        (
            "not yet valid",
            of(ISSUER, json!({"nbf": seconds_from_now(3600)}))?,
            401,
        ),
        ("of another issuer", of("https://other.example", json!({}))?, 401),
        // Envoy answers 403 to a token that is valid elsewhere.
        (
            "for another audience",
            of(ISSUER, json!({"aud": "billing"}))?,
            403,
        ),
        ("signed by another key", alice(&stranger)?, 401),
        (
            "changed",
            tampered(&of(ISSUER, json!({"sub": "bob"}))?, &claims(&json!({})))?,
            401,
        ),
        ("not signed", Issuer::unsigned(&claims(&json!({}))), 401),
        ("not a token", "alice".to_owned(), 401),
    ])
}

#[tokio::test]
async fn an_invalid_token_is_refused_and_without_one_policies_decide() -> Result<()> {
    let issuer = Issuer::new()?;
    let tokens = document(
        "tokens",
        &[rule(&issuer, ISSUER, &json!({"audiences": ["orders"]}))],
    );
    let open = VerifyingWorkload::start(json!({}), std::slice::from_ref(&tokens)).await?;
    let closed = VerifyingWorkload::start(json!({}), &[tokens, requires_a_token()]).await?;
    for (verifying, without) in [(&open, 200), (&closed, 403)] {
        assert_eq!(verifying.status(bearer(&alice(&issuer)?)).await?, 200);
        assert_eq!(verifying.status(ClientRequest::get("/")).await?, without);
        // It has no token, so it has no identity.
        assert_eq!(verifying.status(preflight()).await?, without);
        let other_scheme = ClientRequest::get("/").header("authorization", "Basic YWxpY2U6");
        assert_eq!(verifying.status(other_scheme).await?, without);
        for (what, token, status) in invalid(&issuer)? {
            assert_eq!(verifying.status(bearer(&token)).await?, status, "{what}");
        }
        let two = bearer(&alice(&issuer)?).header("authorization", &format!("Bearer {}", alice(&issuer)?));
        assert_eq!(verifying.status(two).await?, 401);
    }
    assert_eq!(open.workload.application.seen().len(), 4);
    assert_eq!(closed.workload.application.seen().len(), 1);
    Ok(())
}

#[tokio::test]
async fn claims_decide() -> Result<()> {
    let issuer = Issuer::new()?;
    let more = json!({"spaceDelimitedClaims": ["groups"]});
    let groups = policy(
        "groups",
        "ALLOW",
        json!([{"when": [{"key": "request.auth.claims[groups]", "values": ["staff"]}]}]),
    );
    let scope = policy(
        "scope",
        "DENY",
        json!([{"when": [{"key": "request.auth.claims[scope]", "values": ["read-only"]}]}]),
    );
    let verifying = VerifyingWorkload::start(
        json!({}),
        &[document("tokens", &[rule(&issuer, ISSUER, &more)]), groups, scope],
    )
    .await?;
    for (claims, status) in [
        (json!({"groups": "night staff"}), 200),
        (json!({"groups": ["staff"]}), 200),
        (json!({"groups": "guests"}), 403),
        (json!({"groups": "staff", "scope": "orders read-only"}), 403),
        (json!({}), 403),
    ] {
        let token = token(&issuer, ISSUER, &claims)?;
        assert_eq!(verifying.status(bearer(&token)).await?, status, "{claims}");
    }
    Ok(())
}

/// A document without rules verifies nothing.
#[tokio::test]
async fn without_rules_no_token_is_read() -> Result<()> {
    let open = VerifyingWorkload::start(json!({}), &[document("tokens", &[])]).await?;
    assert_eq!(open.status(bearer("alice")).await?, 200);
    let closed = VerifyingWorkload::start(json!({}), &[document("tokens", &[]), requires_a_token()]).await?;
    assert_eq!(closed.status(bearer(&alice(&Issuer::new()?)?)).await?, 403);
    Ok(())
}
