//! `RequestAuthentication`s and the policies that depend on them.

use super::{checked, finds, fine, policy, workload};

fn tokens(namespace: &str, spec: &str) -> String {
    format!(
        "apiVersion: security.istio.io/v1\nkind: RequestAuthentication\nmetadata: {{name: jwt, namespace: {namespace}}}\nspec: {spec}\n"
    )
}

const RULES: &str = "jwtRules: [{issuer: 'https://issuer.example'}]";

fn principal(value: &str) -> String {
    policy(&format!(
        "{{rules: [{{from: [{{source: {{requestPrincipals: ['{value}']}}}}]}}]}}"
    ))
}

#[test]
fn a_token_that_nothing_verifies() {
    let asks = principal("https://issuer.example/*");
    let here = tokens("shop", &format!("{{{RULES}}}"));
    let elsewhere = tokens("web", &format!("{{{RULES}}}"));
    finds(
        &[&asks, &elsewhere],
        &[
            "warning[PW040]",
            "so the rule never matches",
            "`RequestAuthentication web/jwt` is for others",
        ],
    );
    fine(&[&asks, &here]);
    // Possibly in another repository.
    fine(&[&asks]);
    let of_the_mesh = tokens("istio-system", &format!("{{{RULES}}}"));
    fine(&[&asks, &of_the_mesh]);
    let denies = policy(
        "{action: DENY, rules: [{from: [{source: {requestPrincipals: ['https://issuer.example/*']}}], to: [{operation: {ports: ['80']}}]}]}",
    );
    finds(&[&denies, &elsewhere], &["the rule denies nothing"]);
    // The selectors may meet on one workload, but do not on this one.
    let selected = policy(
        "{selector: {matchLabels: {app: web}}, rules: [{when: [{key: 'request.auth.claims[group]', values: [a]}]}]}",
    );
    let other = tokens(
        "shop",
        &format!("{{selector: {{matchLabels: {{tier: front}}}}, {RULES}}}"),
    );
    fine(&[&selected, &other]);
    finds(
        &[&selected, &other, &workload("app: web", "")],
        &["warning[PW040]"],
    );
    fine(&[&selected, &other, &workload("app: web, tier: front", "")]);
}

#[test]
fn an_issuer_that_no_rule_names() {
    let here = tokens(
        "shop",
        "{jwtRules: [{issuer: 'https://issuer.example'}, {issuer: 'https://slash.example/'}]}",
    );
    finds(
        &[&principal("https://issuer.exmaple/*"), &here],
        &[
            "warning[PW041]",
            "did you mean the issuer `https://issuer.example`?",
        ],
    );
    finds(
        &[&principal("https://slash.example/ann"), &here],
        &["with a slash at its end: write `https://slash.example//SUBJECT`"],
    );
    for value in [
        "*",
        "https://slash.example//ann",
        "*/ann",
        "*@example.com",
        "*issuer.example/*",
    ] {
        fine(&[&principal(value), &here]);
    }
    let any = tokens("shop", "{jwtRules: [{jwksUri: 'https://issuer.example/jwks'}]}");
    fine(&[&principal("https://other.example/*"), &any]);
}

#[test]
fn a_document_that_keeps_nobody_out() {
    let here = tokens("shop", &format!("{{{RULES}}}"));
    let asks_nothing = policy("{rules: [{to: [{operation: {methods: [GET]}}]}]}");
    finds(
        &[&here, &asks_nothing],
        &["warning[PW042]", "requests without one get in"],
    );
    finds(&[&here, &workload("app: web", "")], &["warning[PW042]"]);
    fine(&[&here]);
    fine(&[
        &here,
        &asks_nothing,
        &principal("*").replace("name: a,", "name: b,"),
    ]);
    let told = tokens(
        "shop",
        "{jwtRules: [{issuer: a, outputPayloadToHeader: x-claims}]}",
    );
    fine(&[&told, &asks_nothing]);
}

#[test]
fn a_key_that_should_be_secret() {
    let keys = |key: &str| {
        tokens(
            "shop",
            &format!("{{jwtRules: [{{issuer: 'https://issuer.example', jwks: '{{\"keys\": [{key}]}}'}}]}}"),
        )
    };
    let asks = principal("https://issuer.example/*");
    finds(
        &[&keys(r#"{"kty": "RSA", "n": "x", "e": "AQAB", "d": "y"}"#), &asks],
        &["warning[PW043]", "a private key"],
    );
    finds(
        &[&keys(r#"{"kty": "oct", "k": "y"}"#), &asks],
        &["a symmetric key"],
    );
    fine(&[&keys(r#"{"kty": "RSA", "n": "x", "e": "AQAB"}"#), &asks]);
}

/// Duplicate names are treated as for other kinds, and so is a selector that nothing matches.
#[test]
fn names_and_selectors() {
    let here = tokens(
        "shop",
        &format!("{{selector: {{matchLabels: {{app: wed}}}}, {RULES}}}"),
    );
    let other = here.replace("app: wed", "app: wep");
    let ran = checked(&[&here, &other, &principal("*"), &workload("app: web", "")]);
    ran.says(1, &["warning[PW004]", "warning[PW023]", "have `app` `web`"]);
}
