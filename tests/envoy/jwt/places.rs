//! Where `jwt_authn` stores the payload: as Istio configures it, and as users of plain Envoy do.

use anyhow::Result;
use peerwarden_lab::token::Issuer;
use serde_json::{Value, json};

use super::{ISSUER, Setting, Tokens, allow, allow_principals, claims, istio_provider, jwt_authn};

fn provider(issuer: &Issuer, key: &str) -> Value {
    let mut provider = istio_provider(issuer);
    provider["payload_in_metadata"] = key.into();
    provider
}

fn alice() -> Value {
    allow_principals(&json!(["https://issuer.example/alice"]))
}

#[tokio::test]
async fn the_configuration_says_where_the_payload_is() -> Result<()> {
    let issuer = Issuer::new()?;
    let setting = |written: &str, jwt: Value| Setting {
        jwt_authn: jwt_authn(&provider(&issuer, written), &json!({"allow_missing": {}})),
        jwt,
        resources: alice(),
    };
    let cases = [
        ("payload", json!({}), 200),
        ("payload", json!({"key": "payload"}), 200),
        ("jwt_payload", json!({"key": "jwt_payload"}), 200),
        // Named after the issuer, as Istio did before it had `payload`.
        (ISSUER, json!({"key": ISSUER}), 200),
        (
            "verified",
            json!({"filter": "envoy.filters.http.jwt_authn", "key": "verified"}),
            200,
        ),
        ("jwt_payload", json!({}), 403),
        ("payload", json!({"key": "jwt_payload"}), 403),
        ("payload", json!({"filter": "my.tokens"}), 403),
    ];
    let settings = cases
        .iter()
        .map(|(written, jwt, _)| setting(written, jwt.clone()));
    let settings = settings.collect();
    let tokens = Tokens::start(issuer, settings).await?;
    let token = tokens.issuer.sign(&claims(&json!({})))?;
    for (n, case) in cases.iter().enumerate() {
        assert_eq!(tokens.with(n, &token).await?, case.2, "{case:?}");
    }
    Ok(())
}

/// Envoy writes to one namespace, whatever the filter is called in the chain.
#[tokio::test]
async fn the_filter_may_have_any_name() -> Result<()> {
    let issuer = Issuer::new()?;
    let mut filter = jwt_authn(&istio_provider(&issuer), &json!({"allow_missing": {}}));
    filter["name"] = "tokens".into();
    let setting = Setting {
        jwt_authn: filter,
        jwt: json!({}),
        resources: alice(),
    };
    let tokens = Tokens::start(issuer, vec![setting]).await?;
    let token = tokens.issuer.sign(&claims(&json!({})))?;
    assert_eq!(tokens.with(0, &token).await?, 200);
    Ok(())
}

/// Nothing is written without `payload_in_metadata`, so no token counts.
#[tokio::test]
async fn a_provider_that_writes_no_payload_proves_nothing() -> Result<()> {
    let issuer = Issuer::new()?;
    let mut provider = provider(&issuer, "payload");
    provider
        .as_object_mut()
        .map(|fields| fields.remove("payload_in_metadata"));
    let setting = Setting {
        jwt_authn: jwt_authn(&provider, &json!({"allow_missing": {}})),
        jwt: json!({}),
        resources: alice(),
    };
    let tokens = Tokens::start(issuer, vec![setting]).await?;
    let token = tokens.issuer.sign(&claims(&json!({})))?;
    assert_eq!(tokens.with(0, &token).await?, 403);
    Ok(())
}

/// `scope` is a list of words whether or not Envoy was configured to split it, which users of plain Envoy rarely do.
#[tokio::test]
async fn scopes_are_split_without_envoys_help() -> Result<()> {
    let issuer = Issuer::new()?;
    let mut provider = provider(&issuer, "payload");
    provider
        .as_object_mut()
        .map(|fields| fields.remove("normalize_payload_in_metadata"));
    let setting = Setting {
        jwt_authn: jwt_authn(&provider, &json!({"allow_missing": {}})),
        jwt: json!({}),
        resources: allow("request.auth.claims[scope]", &json!(["write"])),
    };
    let tokens = Tokens::start(issuer, vec![setting]).await?;
    for (scope, status) in [("read write", 200), ("read", 403), ("rewrite", 403)] {
        let token = tokens.issuer.sign(&claims(&json!({"scope": scope})))?;
        assert_eq!(tokens.with(0, &token).await?, status, "{scope}");
    }
    Ok(())
}
