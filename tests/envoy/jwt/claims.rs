//! Policies on the claims of a verified token.

use anyhow::Result;
use peerwarden_lab::client::ClientRequest;
use peerwarden_lab::token::Issuer;
use serde_json::{Value, json};

use super::{Setting, Tokens, allow, allow_principals, claims, when};

/// Policies, additional claims of the token, and the status.
type Case = (Value, Value, u16);

async fn try_each(cases: Vec<Case>) -> Result<()> {
    let issuer = Issuer::new()?;
    let settings = cases
        .iter()
        .map(|(resources, _, _)| Setting::istio(&issuer, resources.clone()))
        .collect();
    let tokens = Tokens::start(issuer, settings).await?;
    for (n, (resources, more, status)) in cases.iter().enumerate() {
        let token = tokens.issuer.sign(&claims(more))?;
        assert_eq!(tokens.with(n, &token).await?, *status, "{resources} {more}");
    }
    Ok(())
}

#[tokio::test]
async fn request_principals_are_issuer_and_subject() -> Result<()> {
    let alice = json!({});
    try_each(vec![
        (
            allow_principals(&json!(["https://issuer.example/alice"])),
            alice.clone(),
            200,
        ),
        (
            allow_principals(&json!(["https://issuer.example/bob"])),
            alice.clone(),
            403,
        ),
        (
            allow_principals(&json!(["https://issuer.example/*"])),
            alice.clone(),
            200,
        ),
        (allow_principals(&json!(["*/alice"])), alice.clone(), 200),
        (allow_principals(&json!(["*"])), alice.clone(), 200),
        // Without a subject there is no principal.
        (allow_principals(&json!(["*"])), json!({"sub": ""}), 403),
        (
            allow("request.auth.principal", &json!(["https://issuer.example/alice"])),
            alice,
            200,
        ),
    ])
    .await
}

#[tokio::test]
async fn audiences_and_the_presenter_are_claims() -> Result<()> {
    let orders = || allow("request.auth.audiences", &json!(["orders"]));
    let web = || allow("request.auth.presenter", &json!(["web"]));
    try_each(vec![
        (orders(), json!({}), 200),
        (orders(), json!({"aud": ["billing", "orders"]}), 200),
        (
            allow("request.auth.audiences", &json!(["billing"])),
            json!({}),
            403,
        ),
        (web(), json!({"azp": "web"}), 200),
        (web(), json!({"azp": "phone"}), 403),
        (web(), json!({}), 403),
    ])
    .await
}

#[tokio::test]
async fn claims_are_texts_and_lists_of_texts_however_deep() -> Result<()> {
    let team = || allow("request.auth.claims[org][team]", &json!(["admins", "ops*"]));
    let level = |values| allow("request.auth.claims[level]", &values);
    try_each(vec![
        (team(), json!({"org": {"team": "admins"}}), 200),
        (team(), json!({"org": {"team": ["guests", "ops-1"]}}), 200),
        (team(), json!({"org": {"team": ["guests"]}}), 403),
        (team(), json!({"org": {"team": {"admins": true}}}), 403),
        (team(), json!({"org": "admins", "team": "admins"}), 403),
        (team(), json!({"team": "admins"}), 403),
        // Numbers and booleans are not texts.
        (level(json!(["7"])), json!({"level": "7"}), 200),
        (level(json!(["7", "*"])), json!({"level": 7}), 403),
        (level(json!(["7"])), json!({"level": [7]}), 403),
        (level(json!(["true", "*"])), json!({"level": true}), 403),
        (level(json!(["*"])), json!({"level": null}), 403),
        // A text of eight bytes is not a number.
        (level(json!(["12345678"])), json!({"level": "12345678"}), 200),
    ])
    .await
}

#[tokio::test]
async fn scopes_are_split_at_spaces() -> Result<()> {
    let write = || allow("request.auth.claims[scope]", &json!(["write"]));
    let no_admin = || when("DENY", "request.auth.claims[scope]", "values", &json!(["admin"]));
    try_each(vec![
        (write(), json!({"scope": "read write"}), 200),
        (write(), json!({"scope": ["read", "write"]}), 200),
        (write(), json!({"scope": "read rewrite"}), 403),
        (no_admin(), json!({"scope": "read admin"}), 403),
        (no_admin(), json!({"scope": "read"}), 200),
        (
            allow("request.auth.claims[permission]", &json!(["write"])),
            json!({"permission": "read write"}),
            200,
        ),
        (
            allow("request.auth.claims[groups]", &json!(["write"])),
            json!({"groups": "read write"}),
            403,
        ),
    ])
    .await
}

/// DENY and `notValues` apply to requests without such a claim, or without a token.
#[tokio::test]
async fn what_a_token_does_not_say_is_missing() -> Result<()> {
    let key = "request.auth.claims[groups]";
    let issuer = Issuer::new()?;
    let settings = [
        when("DENY", key, "values", &json!(["banned"])),
        when("DENY", key, "notValues", &json!(["staff"])),
        when("ALLOW", key, "notValues", &json!(["banned"])),
    ];
    let settings = settings.map(|resources| Setting::istio(&issuer, resources));
    let tokens = Tokens::start(issuer, settings.into()).await?;
    for (more, expected) in [
        (json!({"groups": ["staff"]}), [200, 200, 200]),
        (json!({"groups": ["guests", "banned"]}), [403, 403, 403]),
        (json!({}), [200, 403, 200]),
    ] {
        let token = tokens.issuer.sign(&claims(&more))?;
        for (n, status) in expected.into_iter().enumerate() {
            assert_eq!(tokens.with(n, &token).await?, status, "{more} {n}");
        }
    }
    for (n, status) in [200, 403, 200].into_iter().enumerate() {
        assert_eq!(
            tokens.ask(n, ClientRequest::get("/")).await?,
            status,
            "no token {n}"
        );
    }
    Ok(())
}
