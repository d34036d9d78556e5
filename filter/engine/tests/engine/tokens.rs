//! `RequestAuthentication`: what is read, what is refused, and which rules a workload has.

use std::time::Duration;

use peerwarden_engine::document::Value;
use peerwarden_engine::resource::{self, JwtRule, KeySource, Resource};
use peerwarden_engine::{Config, Fingerprint, Loader, Program};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::config;
use crate::refuse::problems;

fn document(namespace: &str, name: &str, spec: &str) -> String {
    format!(
        r#"{{"apiVersion": "security.istio.io/v1", "kind": "RequestAuthentication",
            "metadata": {{"name": "{name}", "namespace": "{namespace}"}}, "spec": {spec}}}"#
    )
}

fn rule(rule: &str) -> String {
    document("shop", "jwt", &format!(r#"{{"jwtRules": [{rule}]}}"#))
}

fn read(written: &str) -> JwtRule {
    let value: Value = serde_json::from_str(&rule(written)).unwrap();
    let Resource::RequestAuthentication(document) = resource::read(&value).unwrap().remove(0) else {
        panic!("another kind")
    };
    document.rules.into_iter().next().unwrap()
}

#[test]
fn every_field_is_read() {
    let read = read(
        r#"{"issuer": "https://a.example", "audiences": ["x", "y"], "jwksUri": "https://a.example:8443/keys?v=1",
            "fromHeaders": [{"name": "x-token", "prefix": "Token "}, {"name": "x-other"}], "fromParams": ["t"],
            "fromCookies": ["session"], "outputPayloadToHeader": "x-payload",
            "outputClaimToHeaders": [{"header": "x-sub", "claim": "sub"}], "forwardOriginalToken": true,
            "timeout": "2.5s", "spaceDelimitedClaims": ["roles"]}"#,
    );
    assert_eq!(read.issuer, "https://a.example");
    assert_eq!(read.audiences, ["x", "y"]);
    let KeySource::Fetched(url) = &read.keys else {
        panic!("{:?}", read.keys)
    };
    assert_eq!(
        (url.is_tls, url.host.as_str(), url.port, url.path.as_str()),
        (true, "a.example", 8443, "/keys?v=1")
    );
    let headers: Vec<_> = read
        .from_headers
        .iter()
        .map(|header| (header.name.as_str(), header.prefix.as_str()))
        .collect();
    assert_eq!(headers, [("x-token", "Token "), ("x-other", "")]);
    assert_eq!(
        (read.from_params, read.from_cookies),
        (vec!["t".to_owned()], vec!["session".to_owned()])
    );
    assert_eq!(read.output_payload_to_header.as_deref(), Some("x-payload"));
    let claims = &read.output_claim_to_headers;
    assert_eq!(
        (claims[0].header.as_str(), claims[0].claim.as_str()),
        ("x-sub", "sub")
    );
    assert!(read.forward_original_token);
    assert_eq!(read.timeout, Some(Duration::from_millis(2500)));
    assert_eq!(read.space_delimited_claims, ["roles"]);
}

#[test]
fn keys_are_written_fetched_or_discovered() {
    assert_eq!(read(r#"{"issuer": "a"}"#).keys, KeySource::Discovered);
    let inline = r#"{\"keys\": [{\"kty\": \"RSA\", \"n\": \"x\", \"e\": \"AQAB\"}]}"#;
    let keys = read(&format!(r#"{{"issuer": "a", "jwks": "{inline}"}}"#)).keys;
    assert!(matches!(keys, KeySource::Inline(_)), "{keys:?}");
    let former = read(r#"{"jwks_uri": "http://a.example"}"#);
    assert!(matches!(former.keys, KeySource::Fetched(url) if url.port == 80 && url.path == "/"));
}

#[test]
fn what_admission_refuses_is_refused() {
    for (written, says) in [
        ("{}", "neither `issuer` nor `jwksUri`"),
        ("null", "expected an object"),
        (
            r#"{"issuer": "a", "audience": ["x"]}"#,
            "did you mean `audiences`?",
        ),
        (
            r#"{"issuer": "a", "audiences": [""]}"#,
            "jwtRules[0].audiences[0]: an empty string",
        ),
        (
            r#"{"issuer": "a", "jwksUri": "a.example/keys"}"#,
            "is not a URL of keys",
        ),
        (
            r#"{"issuer": "a", "jwksUri": "https://a.example", "jwks": "{\"keys\": []}"}"#,
            "only one of `jwks` and `jwksUri`",
        ),
        (
            r#"{"jwksUri": "https://a.example", "jwks_uri": "https://a.example"}"#,
            "the older name of `jwksUri`",
        ),
        (
            r#"{"issuer": "a", "jwks": "keys"}"#,
            "the key set is not valid JSON",
        ),
        (
            r#"{"issuer": "a", "jwks": "{\"kty\": \"RSA\"}"}"#,
            "no list `keys`",
        ),
        (
            r#"{"issuer": "a", "jwks": "{\"keys\": [{\"kty\": \"RSA\"}, {}]}"}"#,
            "key 1 of the set, counted from 0, has no `kty`",
        ),
        (
            r#"{"issuer": "a", "fromHeaders": [{"prefix": "Bearer "}]}"#,
            "fromHeaders[0].name: `` is not the name of a header",
        ),
        (
            r#"{"issuer": "a", "fromHeaders": [{"name": "a", "prefix": "\n"}]}"#,
            "control character",
        ),
        (
            r#"{"issuer": "a", "fromParams": [""]}"#,
            "fromParams[0]: an empty string",
        ),
        (
            r#"{"issuer": "a", "fromCookies": [""]}"#,
            "fromCookies[0]: an empty string",
        ),
        (
            r#"{"issuer": "a", "outputPayloadToHeader": "a b"}"#,
            "`a b` is not the name of a header",
        ),
        (
            r#"{"issuer": "a", "outputClaimToHeaders": [{"header": "x.y", "claim": "sub"}]}"#,
            "`x.y` is not the name of a header",
        ),
        (
            r#"{"issuer": "a", "outputClaimToHeaders": [{"header": "x"}]}"#,
            "claim: an empty string",
        ),
        (
            r#"{"issuer": "a", "forwardOriginalToken": "yes"}"#,
            "neither true nor false",
        ),
        (r#"{"issuer": "a", "timeout": "0s"}"#, "`0s` is not a time-out"),
        (r#"{"issuer": "a", "timeout": "1"}"#, "`1` is not a time-out"),
        (
            r#"{"issuer": "a", "spaceDelimitedClaims": [""]}"#,
            "spaceDelimitedClaims[0]: an empty string",
        ),
    ] {
        let said = problems(config(&rule(written)));
        assert!(said.contains(says), "{written}: {said}");
        assert!(said.contains("RequestAuthentication shop/jwt"), "{said}");
    }
    let both =
        r#"{"selector": {"matchLabels": {"app": "a"}}, "targetRefs": [{"kind": "Service", "name": "a"}]}"#;
    assert!(problems(config(&document("shop", "jwt", both))).contains("exclude each other"));
    let too_many = vec![r#"{"issuer": "a"}"#; 4_097].join(",");
    assert!(problems(config(&rule(&too_many))).contains("4097 rules, more than 4096"));
}

#[test]
fn the_rules_of_all_that_apply_are_one_list_by_issuer() {
    let of = |namespace: &str, name: &str, spec: &str| document(namespace, name, spec);
    let resources = [
        of(
            "shop",
            "second",
            r#"{"jwtRules": [{"issuer": "b", "audiences": ["2"]}, {"issuer": "a"}]}"#,
        ),
        of(
            "shop",
            "first",
            r#"{"jwtRules": [{"issuer": "b", "audiences": ["1"]}]}"#,
        ),
        of(
            "istio-system",
            "root",
            r#"{"jwtRules": [{"issuer": "b", "audiences": ["0"]}]}"#,
        ),
        of(
            "shop",
            "others",
            r#"{"selector": {"matchLabels": {"app": "cart"}}, "jwtRules": [{"issuer": "c"}]}"#,
        ),
        of("web", "far", r#"{"jwtRules": [{"issuer": "d"}]}"#),
        of(
            "shop",
            "gateway",
            r#"{"targetRefs": [{"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "x"}],
            "jwtRules": [{"issuer": "e"}]}"#,
        ),
    ];
    let config = config(&resources.join(",")).unwrap();
    let rules: Vec<String> = config
        .token_rules()
        .iter()
        .map(|rule| {
            let metadata = &rule.document.metadata;
            format!("{} {}[{}]", rule.rule.issuer, metadata.name, rule.index)
        })
        .collect();
    assert_eq!(rules, ["a second[1]", "b root[0]", "b first[0]", "b second[0]"]);
    let nobody = Config {
        workload: None,
        ..config
    };
    assert!(nobody.token_rules().is_empty());
}

/// What the filter ahead enforces changes neither the module's decision nor the fingerprint.
#[test]
fn the_program_is_the_same_without_it() {
    let policy = crate::policy(
        "p",
        r#"{"rules": [{"from": [{"source": {"requestPrincipals": ["*"]}}]}]}"#,
    );
    let alone = config(&policy).unwrap();
    let beside = config(&format!("{policy}, {}", rule(r#"{"issuer": "a"}"#))).unwrap();
    assert_eq!(
        Fingerprint::of(&alone).map(Fingerprint::number),
        Fingerprint::of(&beside).map(Fingerprint::number)
    );
    assert!(Program::compile(&beside).is_ok());
    let json = format!(
        r#"{{"workload": {{"namespace": "shop"}}, "resources": [{policy}, {}]}}"#,
        rule(r#"{"issuer": "a"}"#)
    );
    let mut loader = Loader::of_json(json.as_bytes()).unwrap();
    loader.add_json(json.as_bytes()).unwrap();
    let loaded = loader.finish().unwrap();
    assert_eq!((loaded.applying, loaded.documents), (1, 1));
}
