//! `RequestAuthentication`: the commands decide as Envoy's filter, configured as in Istio, and the module after it.

use anyhow::Result;
use peerwarden_engine::resource::KeySource;
use peerwarden_engine::{Config, TokenRule};
use peerwarden_lab::client::ClientRequest;
use peerwarden_lab::token::Issuer;
use peerwarden_traffic::{NativeEngine, TokenResult, Traffic};
use serde_json::{Value, json};

use super::{AUDIENCE, ISSUER, Setting, Tokens, claims};
use crate::fixture::{FRONTEND, configuration};

const OTHER: &str = "https://other.example";

/// A request, and its tokens as in a suite.
struct Case {
    what: &'static str,
    ask: ClientRequest,
    jwt: Value,
}

/// One provider for each rule, and Istio's requirement (`pilot/pkg/security/authn/policy_applier.go`).
fn as_istio_does(rules: &[TokenRule<'_>]) -> Result<Value> {
    let mut providers = json!({});
    let mut names = Vec::new();
    for (index, TokenRule { rule, .. }) in rules.iter().enumerate() {
        let KeySource::Inline(keys) = &rule.keys else {
            anyhow::bail!("the keys are elsewhere")
        };
        let headers = rule.from_headers.iter();
        let headers: Vec<Value> = headers
            .map(|of| json!({"name": of.name, "value_prefix": of.prefix}))
            .collect();
        let written = rule.output_claim_to_headers.iter();
        let written: Vec<Value> = written
            .map(|of| json!({"header_name": of.header, "claim_name": of.claim}))
            .collect();
        let name = format!("origins-{index}");
        providers[&name] = json!({
            "issuer": rule.issuer,
            "audiences": rule.audiences,
            "local_jwks": {"inline_string": keys},
            "payload_in_metadata": "payload",
            "normalize_payload_in_metadata": {"space_delimited_claims": ["permission", "scope"]},
            "from_headers": headers,
            "forward": rule.forward_original_token,
            "claim_to_headers": written,
        });
        names.push(name);
    }
    let missing = json!({"allow_missing": {}});
    let one = |name: &String| json!({"provider_name": name});
    let any = |requirements: Vec<Value>| json!({"requires_any": {"requirements": requirements}});
    let requires = match names.as_slice() {
        [only] => any(vec![one(only), missing]),
        names => {
            let each = names.iter().map(|name| any(vec![one(name), missing.clone()]));
            let all = json!({"requires_all": {"requirements": each.collect::<Vec<_>>()}});
            any(names.iter().map(one).chain([all]).collect())
        }
    };
    Ok(json!({
        "name": "envoy.filters.http.jwt_authn",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication",
            "bypass_cors_preflight": true,
            "providers": providers,
            "rules": [{"match": {"prefix": "/"}, "requires": requires}],
        },
    }))
}

/// How two rules look for tokens.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Places {
    /// Envoy's default places; whether the upstream gets their tokens.
    Shared(bool, bool),
    /// A separate header for each.
    Apart,
}

/// Two documents and the policy after them.
fn documents(own: &Issuer, other: &Issuer, places: Places) -> Value {
    let document = |name: &str, mut rule: Value, header: &str| {
        match places {
            Places::Apart => rule["fromHeaders"] = json!([{"name": header}]),
            Places::Shared(own, other) => {
                rule["forwardOriginalToken"] = json!(if name == "own" { own } else { other });
            }
        }
        json!({
            "apiVersion": "security.istio.io/v1",
            "kind": "RequestAuthentication",
            "metadata": {"name": name, "namespace": "shop"},
            "spec": {"jwtRules": [rule]},
        })
    };
    let claims = json!([{"header": "x-group", "claim": "group"}, {"header": "x-level", "claim": "level"}]);
    let own = json!({
        "issuer": ISSUER, "audiences": [AUDIENCE], "jwks": own.jwks().to_string(), "outputClaimToHeaders": claims,
    });
    let other = json!({"issuer": OTHER, "jwks": other.jwks().to_string()});
    let policy = json!({
        "apiVersion": "security.istio.io/v1",
        "kind": "AuthorizationPolicy",
        "metadata": {"name": "token", "namespace": "shop"},
        "spec": {"rules": [
            {"from": [{"source": {"requestPrincipals": [format!("{ISSUER}/*")]}}]},
            {"when": [{"key": "request.headers[x-level]", "values": ["3"]}]},
        ]},
    });
    json!([
        document("own", own, "x-own"),
        document("other", other, "x-other"),
        policy
    ])
}

/// The status according to the commands.
fn decided(engine: &NativeEngine, case: &Case, headers: &Value) -> Result<u16> {
    let traffic = json!({
        "tls": {"peer": {"uriSans": [FRONTEND]}},
        "http": {"headers": headers},
        "jwt": case.jwt,
    });
    let traffic: Traffic = serde_json::from_value(traffic)?;
    Ok(match engine.tokens().pass(&traffic) {
        TokenResult::Refused(refused) => refused.status,
        TokenResult::Passed(passed) if engine.answer_passed(&passed.traffic).decision.allowed => 200,
        TokenResult::Passed(_) => 403,
    })
}

/// The issuers, and the tokens that they signed.
struct TestTokens {
    own: Issuer,
    other: Issuer,
    payload: Value,
    guest: Value,
    good: String,
    of_guest: String,
    forged: String,
}

impl TestTokens {
    fn new() -> Result<Self> {
        let (own, other) = (Issuer::new()?, Issuer::new()?);
        let payload = claims(&json!({}));
        let guest = claims(&json!({"iss": OTHER, "level": 3}));
        Ok(Self {
            good: own.sign(&payload)?,
            of_guest: other.sign(&guest)?,
            forged: Issuer::new()?.sign(&payload)?,
            own,
            other,
            payload,
            guest,
        })
    }

    /// Cases for rules with the same places.
    fn in_shared_places(&self) -> Result<Vec<Case>> {
        let case = |what, ask, jwt| Case { what, ask, jwt };
        let bearer =
            |token: &str| ClientRequest::get("/").header("authorization", &format!("Bearer {token}"));
        let both = |token: &str, second: &str| {
            ClientRequest::get(&format!("/?access_token={second}"))
                .header("authorization", &format!("Bearer {token}"))
        };
        let (payload, guest) = (of(&self.payload), of(&self.guest));
        let (good, of_guest, forged) = (&self.good, &self.of_guest, &self.forged);
        let elsewhere = claims(&json!({"aud": "billing"}));
        let stranger = claims(&json!({"iss": "https://x.example"}));
        let (billing, of_stranger) = (self.own.sign(&elsewhere)?, self.own.sign(&stranger)?);
        Ok(vec![
            case("none", ClientRequest::get("/"), Value::Null),
            case("good", bearer(good), payload.clone()),
            case("guest", bearer(of_guest), guest.clone()),
            case("forged", bearer(forged), json!("invalid")),
            case("another audience", bearer(&billing), of(&elsewhere)),
            case("another issuer", bearer(&of_stranger), of(&stranger)),
            case("two", both(good, of_guest), json!([payload, guest])),
            case(
                "two in another order",
                both(of_guest, good),
                json!([guest, payload]),
            ),
            case("two of one issuer", both(good, good), json!([payload, payload])),
            case("good and forged", both(good, forged), json!([payload, "invalid"])),
            case(
                "guest and forged",
                both(of_guest, forged),
                json!([guest, "invalid"]),
            ),
            case(
                "another audience and guest",
                both(&billing, of_guest),
                json!([of(&elsewhere), guest]),
            ),
        ])
    }

    /// Cases for rules with separate headers.
    fn apart(&self) -> Result<Vec<Case>> {
        let case = |what, ask, jwt| Case { what, ask, jwt };
        let get = || ClientRequest::get("/");
        let apart = |own: &str, other: &str| get().header("x-own", own).header("x-other", other);
        let (payload, guest) = (of(&self.payload), of(&self.guest));
        let plain = claims(&json!({"iss": OTHER}));
        let of_plain = self.other.sign(&plain)?;
        Ok(vec![
            case("two", apart(&self.good, &self.of_guest), json!([payload, guest])),
            case(
                "good and forged",
                apart(&self.good, &self.forged),
                json!([payload, "invalid"]),
            ),
            case(
                "two forged",
                apart(&self.forged, &self.forged),
                json!(["invalid", "invalid"]),
            ),
            case("guest", get().header("x-other", &self.of_guest), guest.clone()),
            case(
                "guest without a level",
                get().header("x-other", &of_plain),
                of(&plain),
            ),
        ])
    }
}

/// The token as in a suite.
fn of(payload: &Value) -> Value {
    json!({"payload": payload})
}

#[tokio::test]
async fn the_commands_answer_tokens_as_envoy_does() -> Result<()> {
    let signed = TestTokens::new()?;
    let all = [
        Places::Shared(false, false),
        Places::Shared(true, false),
        Places::Shared(false, true),
        Places::Shared(true, true),
        Places::Apart,
    ];
    let (mut settings, mut engines) = (Vec::new(), Vec::new());
    for places in all {
        let resources = documents(&signed.own, &signed.other, places);
        let written = configuration("http", resources.clone()).to_string();
        let config = Config::parse(written.as_bytes()).map_err(|problems| anyhow::anyhow!("{problems}"))?;
        engines.push(NativeEngine::read(&written).map_err(|problems| anyhow::anyhow!("{problems}"))?);
        settings.push(Setting {
            jwt_authn: as_istio_does(&config.token_rules())?,
            jwt: json!({}),
            resources,
        });
    }
    let tokens = Tokens::start(Issuer::new()?, settings).await?;
    for (listener, (places, engine)) in all.into_iter().zip(&engines).enumerate() {
        let cases = match places {
            Places::Shared(..) => signed.in_shared_places()?,
            Places::Apart => signed.apart()?,
        };
        for case in cases {
            // The client's own header for a claim never counts.
            for headers in [json!({}), json!({"x-level": "3"})] {
                let level = headers["x-level"].as_str();
                let ask = case.ask.clone();
                let ask = match level {
                    Some(level) => ask.header("x-level", level),
                    None => ask,
                };
                let answered = tokens.ask(listener, ask).await?;
                let decided = decided(engine, &case, &headers)?;
                assert_eq!(
                    decided, answered,
                    "{} {level:?} on listener {listener}",
                    case.what
                );
            }
        }
    }
    Ok(())
}
