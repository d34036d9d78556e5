//! Several rules, in one document or in several, merged as Istio merges them.

use anyhow::Result;
use peerwarden_lab::client::ClientRequest;
use peerwarden_lab::token::Issuer;
use serde_json::{Value, json};

use super::{PARTNER, VerifyingWorkload, a_path_each, alice, bearer, document, rule, token, with_bearer};
use crate::jwt::ISSUER;

/// Alice of one issuer may call `/own`, of the other `/partner`.
fn alices() -> Value {
    a_path_each(&[
        ("/own", "https://issuer.example/alice"),
        ("/partner", "https://partner.example/alice"),
    ])
}

#[tokio::test]
async fn each_issuer_vouches_for_its_own() -> Result<()> {
    let (own, partner) = (Issuer::new()?, Issuer::new()?);
    let rules = [
        rule(&own, ISSUER, &json!({})),
        rule(&partner, PARTNER, &json!({})),
    ];
    let mut elsewhere = document("partner", std::slice::from_ref(&rules[1]));
    elsewhere["metadata"]["namespace"] = "istio-system".into();
    let of_one = vec![document("tokens", &rules), alices()];
    // One of them for the whole mesh.
    let of_two = vec![document("own", &rules[..1]), elsewhere, alices()];
    let own_token = alice(&own)?;
    let partner_token = token(&partner, PARTNER, &json!({}))?;
    let no_token = "alice".to_owned();
    for documents in [of_one, of_two] {
        let verifying = VerifyingWorkload::start(json!({}), &documents).await?;
        let at = |path: &str, token: &str| with_bearer(ClientRequest::get(path), token);
        for (path, token, status) in [
            ("/own", &own_token, 200),
            ("/own", &partner_token, 403),
            ("/partner", &partner_token, 200),
            ("/partner", &own_token, 403),
            // In the name of the other.
            ("/partner", &token(&own, PARTNER, &json!({}))?, 401),
            ("/own", &token(&partner, ISSUER, &json!({}))?, 401),
            ("/own", &no_token, 401),
        ] {
            assert_eq!(verifying.status(at(path, token)).await?, status, "{path} {token}");
        }
        assert_eq!(verifying.status(ClientRequest::get("/own")).await?, 403);
    }
    Ok(())
}

/// Envoy stops at the first rule that a token satisfies, in the order of issuers, and policies see only that token.
#[tokio::test]
async fn of_two_valid_tokens_the_first_issuers_counts() -> Result<()> {
    let (own, partner) = (Issuer::new()?, Issuer::new()?);
    // Not in the order of issuers.
    let rules = [
        rule(
            &partner,
            PARTNER,
            &json!({"fromHeaders": [{"name": "x-partner"}]}),
        ),
        rule(&own, ISSUER, &json!({"fromHeaders": [{"name": "x-own"}]})),
    ];
    let verifying = VerifyingWorkload::start(json!({}), &[document("tokens", &rules), alices()]).await?;
    let (own_token, partner_token) = (alice(&own)?, token(&partner, PARTNER, &json!({}))?);
    let bad = "bad".to_owned();
    let get = ClientRequest::get;
    for (path, in_own, in_partner, status) in [
        ("/own", Some(&own_token), Some(&partner_token), 200),
        ("/partner", Some(&own_token), Some(&partner_token), 403),
        ("/partner", None, Some(&partner_token), 200),
        ("/own", None, Some(&partner_token), 403),
        // One valid token is enough; otherwise each token must be valid.
        ("/own", Some(&own_token), Some(&bad), 200),
        ("/partner", Some(&bad), Some(&partner_token), 200),
        ("/partner", Some(&bad), None, 401),
        ("/partner", None, Some(&own_token), 401),
        ("/own", None, None, 403),
    ] {
        let mut ask = get(path);
        for (name, token) in [("x-own", in_own), ("x-partner", in_partner)] {
            if let Some(token) = token {
                ask = ask.header(name, token);
            }
        }
        assert_eq!(
            verifying.status(ask).await?,
            status,
            "{path} {in_own:?} {in_partner:?}"
        );
    }
    Ok(())
}

/// Two rules of one issuer: a token must be for one of their audiences.
#[tokio::test]
async fn one_issuer_with_two_audiences() -> Result<()> {
    let issuer = Issuer::new()?;
    let rules =
        ["orders", "billing"].map(|audience| rule(&issuer, ISSUER, &json!({"audiences": [audience]})));
    let verifying = VerifyingWorkload::start(json!({}), &[document("tokens", &rules)]).await?;
    for (audience, status) in [("orders", 200), ("billing", 200), ("mail", 403)] {
        let token = token(&issuer, ISSUER, &json!({"aud": audience}))?;
        assert_eq!(verifying.status(bearer(&token)).await?, status, "{audience}");
    }
    Ok(())
}
