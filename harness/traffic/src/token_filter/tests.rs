//! Answers and headers of Envoy 1.40 with the same rules.

use peerwarden_engine::Config;
use serde_json::{Value, json};

use super::{TokenFilter, TokenResult};
use crate::traffic::{Jwt, Traffic};

fn filter(rules: &Value) -> TokenFilter {
    let configuration = json!({
        "workload": {"namespace": "shop"},
        "resources": [{
            "apiVersion": "security.istio.io/v1",
            "kind": "RequestAuthentication",
            "metadata": {"name": "jwt", "namespace": "shop"},
            "spec": {"jwtRules": rules},
        }],
    });
    TokenFilter::of(&Config::parse(configuration.to_string().as_bytes()).unwrap())
}

fn traffic(http: &Value, jwt: &Value) -> Traffic {
    serde_json::from_value(json!({"http": http, "jwt": jwt})).unwrap()
}

/// 200, or the status of the filter's answer.
fn status(rules: &Value, jwt: &Value) -> u16 {
    match filter(rules).pass(&traffic(&json!({}), jwt)) {
        TokenResult::Passed(_) => 200,
        TokenResult::Refused(refused) => refused.status,
    }
}

/// The request as policies see it.
fn seen(rules: &Value, http: &Value, jwt: &Value) -> Traffic {
    match filter(rules).pass(&traffic(http, jwt)) {
        TokenResult::Passed(passed) => passed.traffic.into_owned(),
        TokenResult::Refused(refused) => panic!("{refused}"),
    }
}

fn token(payload: Value) -> Value {
    json!({"payload": payload})
}

#[test]
fn audiences_are_compared_without_scheme_and_slash() {
    let rule = json!([{"issuer": "a", "audiences": ["https://x/"]}]);
    for (audience, answered) in [
        (json!("x"), 200),
        (json!(["q", "http://x"]), 200),
        (json!("https://x"), 200),
        (json!("x/y"), 403),
        (json!(7), 403),
        (Value::Null, 403),
    ] {
        let jwt = token(json!({"iss": "a", "aud": audience}));
        assert_eq!(status(&rule, &jwt), answered, "{jwt}");
    }
    assert_eq!(status(&rule, &token(json!({"iss": "a"}))), 403);
    assert_eq!(status(&rule, &token(json!({"iss": "b", "aud": "x"}))), 401);
}

#[test]
fn a_rule_without_an_issuer_is_for_all_that_no_other_names() {
    let rules = json!([{"issuer": "a", "audiences": ["x"]}, {"jwksUri": "https://keys.example"}]);
    assert_eq!(status(&rules, &token(json!({"iss": "b"}))), 200);
    assert_eq!(status(&rules, &token(json!({}))), 200);
    assert_eq!(status(&rules, &token(json!({"iss": "a", "aud": "y"}))), 403);
    assert_eq!(status(&rules, &json!("invalid")), 401);
}

#[test]
fn two_rules_of_one_issuer_are_met_by_one() {
    let rules = json!([{"issuer": "a", "audiences": ["x"]}, {"issuer": "a", "audiences": ["y"]}]);
    assert_eq!(status(&rules, &token(json!({"iss": "a", "aud": "y"}))), 200);
    assert_eq!(status(&rules, &token(json!({"iss": "a", "aud": "z"}))), 403);
}

#[test]
fn the_first_rule_that_is_met_has_its_payload_seen() {
    let rules = json!([
        {"issuer": "b", "fromHeaders": [{"name": "x-b"}]},
        {"issuer": "a", "fromHeaders": [{"name": "X-A"}]},
    ]);
    let both = json!([token(json!({"iss": "b"})), token(json!({"iss": "a"}))]);
    let payload = |jwt: &Value| {
        let seen = seen(&rules, &json!({}), jwt).jwt;
        seen.as_ref().and_then(Jwt::payload).cloned().map(Value::Object)
    };
    assert_eq!(payload(&both), Some(json!({"iss": "a"})));
    assert_eq!(
        payload(&json!([token(json!({"iss": "b"})), "invalid"])),
        Some(json!({"iss": "b"}))
    );
    assert_eq!(payload(&json!([])), None);
    assert_eq!(status(&rules, &json!(["invalid", "invalid"])), 401);
}

/// Two rules with the same places: a verified token is gone for the next rule, unless it is forwarded.
#[test]
fn a_forwarded_token_is_in_the_way_of_the_next_rule() {
    let rules = |a: bool, b: bool| {
        json!([
            {"issuer": "a", "audiences": ["x"], "forwardOriginalToken": a},
            {"issuer": "b", "forwardOriginalToken": b},
        ])
    };
    let (a, b) = (token(json!({"iss": "a", "aud": "x"})), token(json!({"iss": "b"})));
    let (a_then_b, b_then_a) = (json!([a, b]), json!([b, a]));
    let first = |jwt: &Value| {
        let seen = seen(&rules(false, false), &json!({}), jwt).jwt;
        let payload = seen.as_ref().and_then(Jwt::payload);
        payload.and_then(|payload| payload.get("iss")).cloned()
    };
    // The first of a list is in `Authorization`, and its payload is seen.
    assert_eq!(
        (first(&a_then_b), first(&b_then_a)),
        (Some(json!("a")), Some(json!("b")))
    );
    for (forwarded, a_first, b_first) in [
        ((true, false), 401, 401),
        ((false, true), 401, 200),
        ((true, true), 401, 401),
    ] {
        let rules = rules(forwarded.0, forwarded.1);
        assert_eq!(status(&rules, &a_then_b), a_first, "{forwarded:?}");
        assert_eq!(status(&rules, &b_then_a), b_first, "{forwarded:?}");
    }
    // Cookies stay.
    let cookies =
        json!([{"issuer": "a", "fromCookies": ["c", "d"]}, {"issuer": "b", "fromCookies": ["c", "d"]}]);
    assert_eq!(
        (status(&cookies, &a_then_b), status(&cookies, &b_then_a)),
        (401, 401)
    );
    let elsewhere = token(json!({"iss": "a", "aud": "q"}));
    for (forwarded, jwt, answered) in [
        ((false, false), json!([elsewhere, b]), 403),
        ((false, true), json!([elsewhere, b]), 401),
        ((true, true), json!([b, elsewhere]), 403),
        ((false, false), json!([a, "invalid"]), 401),
    ] {
        assert_eq!(
            status(&rules(forwarded.0, forwarded.1), &jwt),
            answered,
            "{forwarded:?} {jwt}"
        );
    }
}

#[test]
fn claims_are_written_as_envoy_writes_them() {
    let rule = json!([{
        "issuer": "a",
        "outputPayloadToHeader": "x-payload",
        "outputClaimToHeaders": [
            {"header": "X-Text", "claim": "text"}, {"header": "x-whole", "claim": "whole"},
            {"header": "x-part", "claim": "part"}, {"header": "x-negative", "claim": "negative"},
            {"header": "x-empty", "claim": "empty"}, {"header": "x-flag", "claim": "flag"},
            {"header": "x-list", "claim": "list"}, {"header": "x-inner", "claim": "outer.inner"},
            {"header": "x-null", "claim": "null"}, {"header": "x-absent", "claim": "absent"},
        ],
    }]);
    let claims = json!({
        "iss": "a", "text": "t", "whole": 7, "part": 1.5, "negative": -5, "empty": "", "flag": true, "list": ["p", "q"], "outer": {"inner": "deep"},
        "null": null,
    });
    let client =
        json!({"headers": {"x-text": "forged", "X-Null": "forged", "x-absent": "forged", "x-other": "kept"}});
    let headers = |traffic: Traffic| {
        let http = traffic.http.unwrap();
        let lines = http.headers.into_iter();
        let lines =
            lines.map(|(name, lines)| (name, Value::from(lines.iter().collect::<Vec<_>>().join("|"))));
        Value::Object(lines.collect())
    };
    let mut written = headers(seen(&rule, &client, &token(claims)));
    let payload = written.as_object_mut().unwrap().remove("x-payload").unwrap();
    assert!(payload.as_str().unwrap().starts_with("eyJ"), "{payload}");
    let expected = json!({
        "x-text": "t", "x-whole": "7", "x-part": "1.500000", "x-negative": "-5.000000", "x-flag": "true", "x-list": "WyJwIiwicSJd",
        "x-inner": "deep", "x-other": "kept",
    });
    assert_eq!(written, expected);
    assert_eq!(
        headers(seen(&rule, &client, &Value::Null)),
        json!({"x-other": "kept"})
    );
}

#[test]
fn a_preflight_passes_without_a_look_at_its_token() {
    let rule = json!([{"issuer": "a"}]);
    let preflight = json!({
        "method": "OPTIONS",
        "headers": {"Origin": "https://web.example", "access-control-request-method": "GET"},
    });
    for jwt in [json!("invalid"), token(json!({"iss": "a"}))] {
        assert_eq!(seen(&rule, &preflight, &jwt).jwt, None);
    }
    let options = json!({"method": "OPTIONS"});
    assert!(seen(&rule, &options, &token(json!({"iss": "a"}))).jwt.is_some());
}

#[test]
fn lists_with_spaces_are_lists() {
    let rule = json!([{"issuer": "a", "spaceDelimitedClaims": ["roles"]}]);
    let seen = seen(
        &rule,
        &json!({}),
        &token(json!({"iss": "a", "roles": "p  q", "other": "p q"})),
    );
    let payload = Value::Object(seen.jwt.as_ref().and_then(Jwt::payload).unwrap().clone());
    assert_eq!(payload, json!({"iss": "a", "roles": ["p", "q"], "other": "p q"}));
}
