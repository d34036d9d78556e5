//! Refused documents, and the messages.

use peerwarden_engine::{Config, Program};

use super::{config, config_with, policy};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// All problems, one per line.
pub(crate) fn problems(config: Result<Config, peerwarden_engine::Problems>) -> String {
    match config.and_then(|config| Program::compile(&config)) {
        Ok(_) => "accepted".to_owned(),
        Err(problems) => problems.to_string(),
    }
}

#[track_caller]
fn refuses(spec: &str, expected: &str) {
    let said = problems(config(&policy("p", spec)));
    assert!(
        said.contains(expected),
        "{spec}\nexpected: {expected}\nsaid: {said}"
    );
}

#[test]
fn unknown_fields_with_path_and_nearest_name() {
    refuses(
        r#"{"rule": []}"#,
        "AuthorizationPolicy shop/p: resources[0].spec.rule: unknown field `rule`; did you mean `rules`?",
    );
    refuses(
        r#"{"rules": [{"from": [{"source": {"principal": ["x"]}}]}]}"#,
        "resources[0].spec.rules[0].from[0].source.principal: unknown field `principal`; did you mean `principals`?",
    );
    refuses(
        r#"{"rules": [{"from": [{"sources": {}}]}]}"#,
        "did you mean `source`?",
    );
    refuses(
        r#"{"action": "DENNY", "rules": [{}]}"#,
        "unknown action `DENNY`; did you mean `DENY`?",
    );
    let said = problems(config_with("", r#""ressources": []"#));
    assert_eq!(
        said,
        "ressources: unknown field `ressources`; did you mean `resources`? (a key of a later release needs the module of that release)"
    );
    let said = problems(config_with("", r#""quota": {}"#));
    assert!(
        said.contains("unknown field `quota`; known fields: `mesh`, ")
            && said.ends_with("the module of that release)"),
        "{said}"
    );
}

#[test]
fn every_problem_is_told_at_once() {
    let spec = r#"{"rules": [{"to": [{"operation": {"ports": ["http", "70000"], "paths": ["/a{*}"]}}], "when": [{"key": "nope", "values": ["x"]}]}]}"#;
    let said = problems(config(&policy("p", spec)));
    assert_eq!(said.lines().count(), 4, "{said}");
}

#[test]
fn what_istio_refuses_at_admission() {
    refuses(
        r#"{"action": "DENY"}"#,
        "a DENY policy without rules never matches; write `rules: [{}]`",
    );
    refuses(
        r#"{"rules": [{"from": []}]}"#,
        "spec.rules[0].from: an empty list",
    );
    refuses(r#"{"rules": [{"to": [{"operation": {}}]}]}"#, "it is empty");
    refuses(r#"{"rules": [null]}"#, "expected an object, found nothing");
    refuses(
        r#"{"rules": [{"from": [{"source": {"principals": [""]}}]}]}"#,
        "an empty value matches nothing",
    );
    refuses(
        r#"{"rules": [{"from": [{"source": {"ipBlocks": ["10.0.0"]}}]}]}"#,
        "`10.0.0` is not an IP address or CIDR",
    );
    refuses(
        r#"{"rules": [{"to": [{"operation": {"ports": ["+80"]}}]}]}"#,
        "`+80` is not a port",
    );
    refuses(
        r#"{"rules": [{"from": [{"source": {"serviceAccounts": ["a/b/c"]}}]}]}"#,
        "is not a service account",
    );
    refuses(
        r#"{"rules": [{"from": [{"source": {"serviceAccounts": ["a"], "namespaces": ["b"]}}]}]}"#,
        "cannot be used together with",
    );
    refuses(
        r#"{"rules": [{"from": [{"source": {"trustDomains": ["a*b"]}}]}]}"#,
        "one in the middle",
    );
    refuses(
        r#"{"rules": [{"when": [{"key": "source.ip"}]}]}"#,
        "neither `values` nor `notValues`",
    );
    refuses(
        r#"{"rules": [{"when": [{"values": ["x"]}]}]}"#,
        "`key` is missing or empty",
    );
    refuses(
        r#"{"rules": [{"when": [{"key": "destination.namespace", "values": ["x"]}]}]}"#,
        "unknown key `destination.namespace`; policies apply by their own namespace",
    );
    refuses(
        r#"{"selector": {"matchLabels": {"app": "a*"}}}"#,
        "has a wildcard",
    );
    refuses(
        r#"{"provider": {"name": "x"}}"#,
        "only a CUSTOM policy has a provider",
    );
}

#[test]
fn what_comes_later_is_refused_and_never_ignored() {
    assert!(problems(config_with("", r#""extensionProviders": [{}]"#)).contains("needs a name"));
}

#[test]
fn a_dry_run_is_for_allow_and_deny_and_says_true_or_false() {
    let dry_run = |spec: &str, value: &str| {
        let annotation = format!(r#""annotations": {{"istio.io/dry-run": "{value}"}}, "namespace""#);
        problems(config(&policy("p", spec).replace(r#""namespace""#, &annotation)))
    };
    assert!(dry_run("{}", "yes").contains("`yes` is neither true nor false"));
    let audit = r#"{"action": "AUDIT", "rules": [{}]}"#;
    assert!(dry_run(audit, "true").contains("an AUDIT policy cannot be a dry run"));
    assert!(dry_run(audit, "false").contains("an AUDIT policy cannot be a dry run"));
    refuses(
        r#"{"targetRef": {"kind": "Service", "name": "a"}, "targetRefs": [{"kind": "Service", "name": "a"}]}"#,
        "`targetRef` and `targetRefs` exclude each other",
    );
    refuses(
        r#"{"rules": [{"to": [{"operation": {"paths": ["/a/{b}"]}}]}]}"#,
        "`/a/{b}` has a brace",
    );
    refuses(
        r#"{"rules": [{"from": [{"source": {"ipBlocks": ["10.0.0.0/08"]}}]}]}"#,
        "`10.0.0.0/08` is not an IP address or CIDR",
    );
    // Without rules it marks nothing, which Istio takes.
    assert!(Program::compile(&config(&policy("p", r#"{"action": "AUDIT"}"#)).unwrap()).is_ok());
    refuses(
        r#"{"action": "DENY"}"#,
        "a DENY policy without rules never matches",
    );
}

#[test]
fn where_tokens_are_found_is_named_in_full() {
    let jwt = |value: &str| problems(config_with("", &format!(r#""jwt": {value}"#)));
    assert!(jwt(r#"{"fliter": "x"}"#).contains("did you mean `filter`?"));
    assert!(jwt(r#"{"key": ""}"#).contains("jwt.key: `key` is empty"));
}

#[test]
fn documents_are_named_and_placed() {
    let nameless =
        r#"{"apiVersion": "security.istio.io/v1", "kind": "AuthorizationPolicy", "metadata": {"name": "x"}}"#;
    assert!(
        problems(config(nameless)).contains(
            "AuthorizationPolicy x: resources[0].metadata.namespace: `metadata.namespace` is missing"
        )
    );
    for name in ["x]-rule[3", "größe", "a/b", "a\\nb"] {
        assert!(
            problems(config(&policy(name, "{}"))).contains("is not a valid Kubernetes name"),
            "{name}"
        );
    }
    // Istio's validation does not look at names.
    assert_eq!(problems(config(&policy("a b", "{}"))), "accepted");
    assert!(problems(config(r#"{"kind": "X"}"#)).contains("`apiVersion` or `kind` is missing"));
    let pod = r#"{"apiVersion": "v1", "kind": "Pod"}"#;
    assert!(problems(config(pod)).contains("`Pod` of `v1` is not a policy"));
}

#[test]
fn a_list_is_its_items_and_server_set_fields_are_ignored() {
    let item = policy("p", "{}")
        .replace(r#""spec""#, r#""status": {"x": 1}, "spec""#)
        .replace(
            r#""namespace""#,
            r#""uid": "1", "generation": 3, "clusterName": "c", "managedFields": [], "namespace""#,
        );
    let list = |version: &str, kind: &str| {
        config(&format!(
            r#"{{"apiVersion": "{version}", "kind": "{kind}", "metadata": {{}}, "items": [{item}, {item}]}}"#
        ))
    };
    for (version, kind) in [
        ("v1", "List"),
        ("security.istio.io/v1", "AuthorizationPolicyList"),
        ("security.istio.io/v1beta1", "PeerAuthenticationList"),
    ] {
        assert_eq!(list(version, kind).unwrap().resources.len(), 2, "{kind}");
    }
    for (version, kind) in [
        ("v1", "AuthorizationPolicyList"),
        ("security.istio.io/v1", "List"),
    ] {
        assert_ne!(problems(list(version, kind)), "accepted", "{version} {kind}");
    }
}

#[test]
fn broken_json_says_where() {
    let said = problems(Config::parse(b"{\"workload\": }"));
    assert!(
        said.contains("not valid JSON") && said.contains("line 1 column"),
        "{said}"
    );
    let twice = problems(Config::parse(br#"{"mesh": {}, "mesh": {}}"#));
    assert!(twice.contains("duplicate key `mesh`"), "{twice}");
    assert!(problems(Config::parse(b"[]")).contains("expected an object, found a list"));
    assert!(problems(Config::parse(b"{}")).contains("`workload` is missing"));
    for deep in ["{\"mesh\": ", "{\"resources\": [{\"spec\": "] {
        let text = format!("{deep}{}{}}}", "[".repeat(1000), "]".repeat(1000));
        let text = if deep.contains("spec") {
            format!("{text}]}}")
        } else {
            text
        };
        let said = problems(Config::parse(text.as_bytes()));
        assert!(said.contains("recursion limit"), "{said}");
    }
    let cut = problems(Config::parse("[".repeat(100_000).as_bytes()));
    assert!(cut.contains("not valid JSON"), "{cut}");
}
