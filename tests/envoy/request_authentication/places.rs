//! The places of tokens, and what the application sees of them.

use anyhow::{Context, Result};
use peerwarden_lab::client::ClientRequest;
use peerwarden_lab::token::Issuer;
use serde_json::json;

use super::{VerifyingWorkload, alice, bearer, document, requires_a_token, rule};
use crate::jwt::ISSUER;

#[tokio::test]
async fn a_token_counts_where_its_rule_looks_and_nowhere_else() -> Result<()> {
    let issuer = Issuer::new()?;
    let more = json!({
        "fromHeaders": [{"name": "x-token", "prefix": "Token "}, {"name": "X-Bare"}],
        "fromParams": ["token"],
        "fromCookies": ["session"],
    });
    let documents = [
        document("tokens", &[rule(&issuer, ISSUER, &more)]),
        requires_a_token(),
    ];
    let verifying = VerifyingWorkload::start(json!({}), &documents).await?;
    let good = alice(&issuer)?;
    let get = ClientRequest::get;
    for (what, ask, status) in [
        (
            "header",
            get("/").header("x-token", &format!("Token {good}")),
            200,
        ),
        ("header, no prefix", get("/").header("x-token", &good), 403),
        (
            "other prefix",
            get("/").header("x-token", &format!("Bearer {good}")),
            403,
        ),
        ("bare header", get("/").header("x-bare", &good), 200),
        ("parameter", get(&format!("/?a=1&token={good}")), 200),
        (
            "cookie",
            get("/").header("cookie", &format!("a=1; session={good}")),
            200,
        ),
        ("the usual header", bearer(&good), 403),
        ("the usual parameter", get(&format!("/?access_token={good}")), 403),
        ("bad header", get("/").header("x-token", "Token alice"), 401),
        ("bad parameter", get("/?token=alice"), 401),
        ("bad cookie", get("/").header("cookie", "session=alice"), 401),
        // A value that no rule reads is not a token.
        ("bad in the usual header", bearer("alice"), 403),
    ] {
        assert_eq!(verifying.status(ask).await?, status, "{what}");
    }
    Ok(())
}

#[tokio::test]
async fn by_default_the_usual_header_and_parameter() -> Result<()> {
    let issuer = Issuer::new()?;
    let documents = [
        document("tokens", &[rule(&issuer, ISSUER, &json!({}))]),
        requires_a_token(),
    ];
    let verifying = VerifyingWorkload::start(json!({}), &documents).await?;
    let good = alice(&issuer)?;
    assert_eq!(verifying.status(bearer(&good)).await?, 200);
    let by_parameter = |token: &str| ClientRequest::get(&format!("/orders?access_token={token}&page=2"));
    assert_eq!(verifying.status(by_parameter(&good)).await?, 200);
    assert_eq!(verifying.status(by_parameter("alice")).await?, 401);
    let cookie = ClientRequest::get("/").header("cookie", &format!("access_token={good}"));
    assert_eq!(verifying.status(cookie).await?, 403);
    Ok(())
}

#[tokio::test]
async fn the_application_gets_the_token_only_if_it_is_forwarded() -> Result<()> {
    let issuer = Issuer::new()?;
    let good = alice(&issuer)?;
    for forward in [false, true] {
        let more = json!({"forwardOriginalToken": forward});
        let documents = [
            document("tokens", &[rule(&issuer, ISSUER, &more)]),
            requires_a_token(),
        ];
        let verifying = VerifyingWorkload::start(json!({}), &documents).await?;
        assert_eq!(verifying.status(bearer(&good)).await?, 200);
        let reached = verifying.reached().context("no request")?;
        assert_eq!(reached.headers.contains_key("authorization"), forward);
        let ask = ClientRequest::get(&format!("/orders?access_token={good}&page=2"));
        assert_eq!(verifying.status(ask).await?, 200);
        let reached = verifying.reached().context("no request")?;
        let path = if forward {
            format!("/orders?access_token={good}&page=2")
        } else {
            "/orders?page=2".to_owned()
        };
        assert_eq!(reached.path, path);
    }
    Ok(())
}

/// Envoy does not remove cookies.
#[tokio::test]
async fn a_cookie_stays() -> Result<()> {
    let issuer = Issuer::new()?;
    let rule = rule(&issuer, ISSUER, &json!({"fromCookies": ["session"]}));
    let verifying =
        VerifyingWorkload::start(json!({}), &[document("tokens", &[rule]), requires_a_token()]).await?;
    let cookie = format!("a=1; session={}", alice(&issuer)?);
    assert_eq!(
        verifying
            .status(ClientRequest::get("/").header("cookie", &cookie))
            .await?,
        200
    );
    let reached = verifying.reached().context("no request")?;
    assert_eq!(
        reached.headers.get("cookie").context("no cookie")?,
        cookie.as_str()
    );
    Ok(())
}
