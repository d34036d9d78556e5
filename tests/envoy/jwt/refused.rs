//! Tokens that prove nothing: `jwt_authn` answers the requests, or they count as requests without a token.

use anyhow::Result;
use peerwarden_lab::client::ClientRequest;
use peerwarden_lab::token::{Issuer, tampered};
use serde_json::{Value, json};

use super::{
    ISSUER, Setting, Tokens, allow, allow_principals, claims, istio_provider, jwt_authn, seconds_from_now,
};

const MEANT_FOR_OTHERS: &str = "meant for others";

/// Tokens that resemble alice's, except for one thing each.
fn worthless(issuer: &Issuer) -> Result<Vec<(&'static str, String)>> {
    let stranger = Issuer::new()?;
    let alice = claims(&json!({}));
    let bob = issuer.sign(&claims(&json!({"sub": "bob"})))?;
    Ok(vec![
        ("signed by another key", stranger.sign(&alice)?),
        ("other claims under bob's signature", tampered(&bob, &alice)?),
        ("not signed", Issuer::unsigned(&alice)),
        (
            "expired",
            issuer.sign(&claims(&json!({"exp": seconds_from_now(-3600)})))?,
        ),
        (
            "not valid yet",
            issuer.sign(&claims(&json!({"nbf": seconds_from_now(3600)})))?,
        ),
        (
            "of another issuer",
            issuer.sign(&claims(&json!({"iss": "https://other.example"})))?,
        ),
        (
            MEANT_FOR_OTHERS,
            issuer.sign(&claims(&json!({"aud": "billing"})))?,
        ),
        ("no token", "alice".to_owned()),
    ])
}

fn alice() -> Value {
    allow_principals(&json!(["https://issuer.example/alice"]))
}

#[tokio::test]
async fn a_token_that_is_not_verified_is_answered_by_envoy_and_no_token_is_nobody() -> Result<()> {
    let issuer = Issuer::new()?;
    let open = json!([]);
    let settings = vec![Setting::istio(&issuer, alice()), Setting::istio(&issuer, open)];
    let tokens = Tokens::start(issuer, settings).await?;
    let good = tokens.issuer.sign(&claims(&json!({})))?;
    for listener in [0, 1] {
        assert_eq!(tokens.with(listener, &good).await?, 200);
        for (what, token) in worthless(&tokens.issuer)? {
            // A valid token for another audience is forbidden rather than unauthorised.
            let status = if what == MEANT_FOR_OTHERS { 403 } else { 401 };
            assert_eq!(tokens.with(listener, &token).await?, status, "{what} {listener}");
        }
    }
    assert_eq!(tokens.upstream.seen().len(), 2);
    // `allow_missing` lets requests without a token continue to the policies.
    assert_eq!(tokens.ask(0, ClientRequest::get("/")).await?, 403);
    assert_eq!(tokens.ask(1, ClientRequest::get("/")).await?, 200);
    Ok(())
}

/// With `allow_missing_or_failed`, invalid tokens pass `jwt_authn`; to policies they are not tokens.
#[tokio::test]
async fn a_token_that_failed_is_no_token() -> Result<()> {
    let issuer = Issuer::new()?;
    let tolerant = |resources| Setting {
        jwt_authn: jwt_authn(&istio_provider(&issuer), &json!({"allow_missing_or_failed": {}})),
        jwt: json!({}),
        resources,
    };
    let claimed = allow("request.auth.claims[sub]", &json!(["alice"]));
    let settings = vec![tolerant(alice()), tolerant(claimed), tolerant(json!([]))];
    let tokens = Tokens::start(issuer, settings).await?;
    for (what, token) in worthless(&tokens.issuer)? {
        for (listener, status) in [403, 403, 200].into_iter().enumerate() {
            assert_eq!(tokens.with(listener, &token).await?, status, "{what} {listener}");
        }
    }
    let good = tokens.issuer.sign(&claims(&json!({})))?;
    for listener in 0..3 {
        assert_eq!(tokens.with(listener, &good).await?, 200, "{listener}");
    }
    Ok(())
}

/// Nothing that a client writes in headers is a claim, not even in the header to which Envoy writes the payload.
#[tokio::test]
async fn a_claim_in_a_header_is_none() -> Result<()> {
    let issuer = Issuer::new()?;
    let mut provider = istio_provider(&issuer);
    provider["forward_payload_header"] = "x-jwt-payload".into();
    provider["claim_to_headers"] = json!([{"header_name": "x-jwt-group", "claim_name": "group"}]);
    let setting = |resources| Setting {
        jwt_authn: jwt_authn(&provider, &json!({"allow_missing": {}})),
        jwt: json!({}),
        resources,
    };
    let admins = || json!(["admins"]);
    let settings = vec![
        setting(allow("request.auth.claims[group]", &admins())),
        setting(alice()),
        setting(allow("request.headers[x-jwt-group]", &admins())),
    ];
    let tokens = Tokens::start(issuer, settings).await?;
    let payload = json!({"iss": ISSUER, "sub": "alice", "group": "admins"}).to_string();
    let forged = || {
        // BASE64URL of the payload, as Envoy writes it.
        ClientRequest::get("/")
            .header("x-jwt-payload", &base64(&payload))
            .header("x-jwt-group", "admins")
            .header("payload", &payload)
            .header("iss", ISSUER)
            .header("sub", "alice")
            .header("group", "admins")
    };
    for listener in [0, 1] {
        assert_eq!(tokens.ask(listener, forged()).await?, 403, "{listener}");
    }
    // Next to a token with another value it is ignored too.
    let bob = tokens
        .issuer
        .sign(&claims(&json!({"sub": "bob", "group": "guests"})))?;
    let bearer = format!("Bearer {bob}");
    for listener in [0, 1, 2] {
        let ask = forged().header("authorization", &bearer);
        assert_eq!(tokens.ask(listener, ask).await?, 403, "{listener}");
    }
    let admin = tokens.issuer.sign(&claims(&json!({"group": "admins"})))?;
    for listener in [0, 1, 2] {
        assert_eq!(tokens.with(listener, &admin).await?, 200, "{listener}");
    }
    Ok(())
}

fn base64(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text)
}
