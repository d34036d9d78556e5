//! Headers with values of tokens: the application gets the token's values, never a client's.

use anyhow::{Context, Result, ensure};
use peerwarden_lab::client::ClientRequest;
use peerwarden_lab::client::http::Version;
use peerwarden_lab::token::Issuer;
use serde_json::{Value, json};

use super::{PARTNER, VerifyingWorkload, alice, bearer, document, preflight, rule, token};
use crate::fixture::policy;
use crate::jwt::ISSUER;

/// The names of all these headers, in lower case.
const NAMES: [&str; 4] = ["x-payload", "x-group", "x_user", "x-partner"];

fn rules(own: &Issuer, partner: &Issuer) -> [Value; 2] {
    let claims = json!([
        {"header": "X-Group", "claim": "group"},
        {"header": "x_user", "claim": "user.name"},
    ]);
    [
        rule(
            own,
            ISSUER,
            &json!({"outputPayloadToHeader": "x-payload", "outputClaimToHeaders": claims}),
        ),
        rule(partner, PARTNER, &json!({"outputPayloadToHeader": "x-partner"})),
    ]
}

/// Adds each header in the spellings that a client can send.
fn forged(ask: ClientRequest, underscores: bool) -> ClientRequest {
    let hyphens = ["x-payload", "x-group", "x-user", "x-partner"];
    let mut names: Vec<String> = hyphens.map(str::to_owned).to_vec();
    if underscores {
        names.extend(hyphens.map(|name| name.replace('-', "_")));
    }
    names.iter().fold(ask, |ask, name| ask.header(name, "forged"))
}

/// The headers that reached the application under these names, in any spelling, in order.
fn written(verifying: &VerifyingWorkload) -> Result<Vec<(String, String)>> {
    let reached = verifying.reached().context("no request")?;
    let mut found = Vec::new();
    for (name, value) in &reached.headers {
        let spelt = |name: &str| name.replace('_', "-");
        if NAMES.iter().any(|own| spelt(own) == spelt(name.as_str())) {
            found.push((name.to_string(), value.to_str()?.to_owned()));
        }
    }
    found.sort();
    Ok(found)
}

#[tokio::test]
async fn what_a_client_sends_in_their_place_never_survives() -> Result<()> {
    let (own, partner) = (Issuer::new()?, Issuer::new()?);
    for underscores in [false, true] {
        let keys = if underscores {
            json!({"underscores": "allow"})
        } else {
            json!({})
        };
        let documents = [document("tokens", &rules(&own, &partner))];
        let verifying = VerifyingWorkload::start(keys, &documents).await?;
        let full = token(
            &own,
            ISSUER,
            &json!({"group": "staff", "user": {"name": "Alice"}}),
        )?;
        let of_partner = token(&partner, PARTNER, &json!({"group": "staff"}))?;
        for (what, ask, expected) in [
            ("no token", ClientRequest::get("/"), &[] as &[&str]),
            ("preflight", preflight(), &[]),
            (
                "preflight with a bad token",
                preflight().header("authorization", "Bearer bad"),
                &[],
            ),
            ("without the claims", bearer(&alice(&own)?), &["x-payload"]),
            (
                "with the claims",
                bearer(&full),
                &["x-group", "x-payload", "x_user"],
            ),
            ("of the other issuer", bearer(&of_partner), &["x-partner"]),
        ] {
            for version in [Version::Http1, Version::Http2] {
                let ask = forged(ask.clone(), underscores);
                let reply = verifying.workload.ask(&verifying.caller, version, ask).await?;
                assert_eq!(reply.status, 200, "{what}");
                let found = written(&verifying)?;
                let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
                assert_eq!(names, expected, "{what} {version:?} {underscores}");
                ensure!(
                    found.iter().all(|(_, value)| value != "forged"),
                    "{what}: {found:?}"
                );
            }
        }
    }
    Ok(())
}

/// Numbers and booleans as text, lists and objects in Base64, as Envoy writes them.
#[tokio::test]
async fn claims_in_headers() -> Result<()> {
    let issuer = Issuer::new()?;
    let claims = json!([{"header": "x-group", "claim": "group"}]);
    let rule = rule(&issuer, ISSUER, &json!({"outputClaimToHeaders": claims}));
    let verifying = VerifyingWorkload::start(json!({}), &[document("tokens", &[rule])]).await?;
    for (value, written) in [
        (json!("staff"), Some("staff")),
        (json!(7), Some("7")),
        (json!(true), Some("true")),
        (json!(["a", "b"]), Some("WyJhIiwiYiJd")),
        (json!({"a": 1}), Some("eyJhIjoxfQ==")),
        (json!(null), None),
    ] {
        let token = token(&issuer, ISSUER, &json!({"group": value}))?;
        assert_eq!(verifying.status(bearer(&token)).await?, 200);
        let reached = verifying.reached().context("no request")?;
        let header = reached.headers.get("x-group").map(|value| value.to_str());
        assert_eq!(header.transpose()?, written, "{value}");
    }
    Ok(())
}

/// Policies see the token's values too.
#[tokio::test]
async fn policies_read_what_the_token_says() -> Result<()> {
    let issuer = Issuer::new()?;
    let claims = json!([{"header": "x-group", "claim": "group"}]);
    let rule = rule(&issuer, ISSUER, &json!({"outputClaimToHeaders": claims}));
    let staff = policy(
        "staff",
        "ALLOW",
        json!([{"when": [{"key": "request.headers[x-group]", "values": ["staff"]}]}]),
    );
    let verifying = VerifyingWorkload::start(json!({}), &[document("tokens", &[rule]), staff]).await?;
    for (group, status) in [("staff", 200), ("guests", 403)] {
        let token = token(&issuer, ISSUER, &json!({"group": group}))?;
        assert_eq!(verifying.status(bearer(&token)).await?, status, "{group}");
    }
    let forged = |ask: ClientRequest| ask.header("x-group", "staff");
    assert_eq!(verifying.status(forged(ClientRequest::get("/"))).await?, 403);
    assert_eq!(verifying.status(forged(preflight())).await?, 403);
    assert_eq!(verifying.status(forged(bearer(&alice(&issuer)?))).await?, 403);
    Ok(())
}
