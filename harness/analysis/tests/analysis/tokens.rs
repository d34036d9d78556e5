//! Tokens that no `RequestAuthentication` accepts belong to nobody.

use peerwarden_analysis::compare;
use peerwarden_engine::Program;

use super::{policy, program};

const ALL: &str = r#"{"rules": [{}]}"#;

fn behind(policies: &str, rules: &str) -> Program {
    let document = format!(
        r#"{{"apiVersion": "security.istio.io/v1", "kind": "RequestAuthentication",
            "metadata": {{"name": "jwt", "namespace": "shop"}}, "spec": {{"jwtRules": [{rules}]}}}}"#
    );
    program(&format!("{policies}, {document}"), "")
}

fn principals(value: &str) -> String {
    policy(
        "a",
        &format!(r#"{{"rules": [{{"from": [{{"source": {{"requestPrincipals": ["{value}"]}}}}]}}]}}"#),
    )
}

#[test]
fn a_document_denies_tokens_of_others_and_allows_nothing() {
    let (old, new) = (
        program(&policy("a", ALL), ""),
        behind(&policy("a", ALL), r#"{"issuer": "i"}"#),
    );
    let comparison = compare(&old, &new, 50).unwrap();
    assert!(comparison.newly_allowed.shown.is_empty(), "{comparison:#?}");
    assert_eq!(comparison.newly_denied.shown.len(), 1, "{comparison:#?}");
}

#[test]
fn a_principal_of_an_issuer_without_a_rule_lets_nobody_in() {
    let nobody = behind(&policy("a", "{}"), r#"{"issuer": "i"}"#);
    let other = behind(&principals("other/*"), r#"{"issuer": "i"}"#);
    assert!(compare(&nobody, &other, 50).unwrap().is_equivalent());
    let own = behind(&principals("i/*"), r#"{"issuer": "i"}"#);
    assert!(!compare(&nobody, &own, 50).unwrap().is_equivalent());
    // A rule without an issuer is for issuers that no other rule names.
    let any = behind(
        &principals("other/*"),
        r#"{"issuer": "i"}, {"jwksUri": "https://other.example"}"#,
    );
    assert!(!compare(&nobody, &any, 50).unwrap().is_equivalent());
}

#[test]
fn an_audience_is_part_of_what_a_rule_accepts() {
    let nobody = behind(
        &policy("a", "{}"),
        r#"{"issuer": "i", "audiences": ["https://x"]}"#,
    );
    let asks = |audience: &str| {
        let written = policy(
            "a",
            &format!(
                r#"{{"rules": [{{"when": [{{"key": "request.auth.audiences", "values": ["{audience}"]}},
                    {{"key": "request.auth.claims[iss]", "values": ["i"]}}]}}]}}"#
            ),
        );
        behind(&written, r#"{"issuer": "i", "audiences": ["https://x"]}"#)
    };
    // In another spelling, it is the same to Envoy, but not to the policy.
    for audience in ["https://x", "x/"] {
        assert!(
            !compare(&nobody, &asks(audience), 50).unwrap().is_equivalent(),
            "{audience}"
        );
    }
    // Next to the one that the rule requires.
    assert!(!compare(&nobody, &asks("y"), 50).unwrap().is_equivalent());
}
