//! The fingerprint of configurations: what changes it, and what does not.

use peerwarden_engine::document::Value;
use peerwarden_engine::{Config, Fingerprint, Loader};

use super::{policy, value};

const RULE: &str =
    r#"{"rules": [{"from": [{"source": {"principals": ["cluster.local/ns/web/sa/frontend"]}}]}]}"#;

fn fingerprint(json: &str) -> Fingerprint {
    let config = Config::parse(json.as_bytes()).unwrap();
    let number = Fingerprint::of(&config).unwrap();
    let written = value(json);
    let mut loader = Loader::new(&written);
    if let Some(Value::List(documents)) = written.get("resources") {
        documents.iter().for_each(|document| loader.add(document));
    }
    let loaded = loader.finish().unwrap();
    assert_eq!(
        loaded.fingerprint,
        Some(number),
        "loaded a document at a time: {json}"
    );
    number
}

/// A configuration with these documents, and these keys beside them.
fn with(resources: &[String], more: &str) -> Fingerprint {
    fingerprint(&format!(
        r#"{{"workload": {{"namespace": "shop", "labels": {{"app": "orders"}}}}, "resources": [{}]{more}}}"#,
        resources.join(", ")
    ))
}

fn peer_authentication(spec: &str) -> String {
    format!(
        r#"{{"apiVersion": "security.istio.io/v1", "kind": "PeerAuthentication",
            "metadata": {{"name": "strict", "namespace": "shop"}}, "spec": {spec}}}"#
    )
}

/// Written down, so that a change of the hashed data is noticed: it needs another `VERSION`, as the command's
/// fingerprint would otherwise differ from that of a module of another release.
#[test]
fn is_the_same_on_every_platform() {
    let number = with(&[policy("a", RULE)], r#", "protocol": "tcp", "report": "all""#);
    assert_eq!(number.to_string(), "3905738220946698");
    assert!(number.number() < 1 << 53);
}

#[test]
fn how_it_is_written_does_not_matter() {
    let one = fingerprint(
        r#"{"workload": {"namespace": "shop", "labels": {"app": "orders", "tier": "1"}},
            "extensionProviders": [{"name": "authz", "envoyExtAuthzHttp": {"service": "authz.shop.svc.cluster.local", "port": 8080,
                "includeAdditionalHeadersInCheck": {"x-a": "1", "x-b": "2"}}}],
            "resources": [
              {"apiVersion": "security.istio.io/v1", "kind": "AuthorizationPolicy", "metadata": {"name": "a", "namespace": "shop"},
               "spec": {"action": "ALLOW", "rules": [{"to": [{"operation": {"methods": ["GET"]}}]}]}},
              {"apiVersion": "security.istio.io/v1", "kind": "AuthorizationPolicy", "metadata": {"name": "b", "namespace": "shop"},
               "spec": {"action": "DENY", "rules": [{}]}},
              {"apiVersion": "security.istio.io/v1", "kind": "PeerAuthentication", "metadata": {"name": "p", "namespace": "shop"},
               "spec": {"selector": {"matchLabels": {"app": "orders"}}, "portLevelMtls": {"1": {"mode": "STRICT"}, "2": {"mode": "DISABLE"}}}}
            ]}"#,
    );
    let other = fingerprint(
        r#"{"resources": [
              {"kind": "PeerAuthentication", "apiVersion": "security.istio.io/v1beta1", "status": {},
               "spec": {"portLevelMtls": {"2": {"mode": "DISABLE"}, "1": {"mode": "STRICT"}}, "selector": {"matchLabels": {"app": "orders"}}},
               "metadata": {"uid": "1", "namespace": "shop", "name": "p"}},
              {"spec": {"rules": [{}], "action": "DENY"}, "metadata": {"namespace": "shop", "name": "b", "generation": 7},
               "kind": "AuthorizationPolicy", "apiVersion": "security.istio.io/v1"},
              {"apiVersion": "v1", "kind": "List", "items": [
                {"apiVersion": "security.istio.io/v1", "kind": "AuthorizationPolicy",
                 "metadata": {"name": "a", "namespace": "shop", "annotations": {"note": "x"}},
                 "spec": {"selector": {"matchLabels": {"app": "orders"}}, "rules": [{"from": null, "to": [{"operation": {"methods": ["GET"]}}]}]}}]},
              {"apiVersion": "security.istio.io/v1", "kind": "AuthorizationPolicy", "metadata": {"name": "c", "namespace": "elsewhere"},
               "spec": {}}
            ],
            "extensionProviders": [{"envoyExtAuthzHttp": {"includeAdditionalHeadersInCheck": {"x-b": "2", "x-a": "1"},
                "port": 8.08e3, "service": "authz.shop.svc.cluster.local"}, "name": "authz"}],
            "report": "denied", "protocol": "http", "mesh": {"trustDomain": "cluster.local"},
            "workload": {"kind": "sidecar", "labels": {"tier": "1", "app": "orders"}, "namespace": "shop"}}"#,
    );
    assert_eq!(one, other);
}

#[test]
fn whatever_decides_changes_it() {
    let base = |resources: &[String]| with(resources, "");
    let mut seen = vec![base(&[policy("a", RULE)])];
    let mut is_new = |number: Fingerprint, what: &str| {
        assert!(!seen.contains(&number), "{what}");
        seen.push(number);
    };
    is_new(base(&[]), "no document");
    is_new(base(&[policy("b", RULE)]), "the name, which is reported");
    is_new(base(&[policy("a", RULE), policy("a", RULE)]), "twice");
    is_new(base(&[policy("a", RULE), policy("b", RULE)]), "another one");
    is_new(
        base(&[policy("a", &RULE.replace("frontend", "frontenc"))]),
        "a value",
    );
    is_new(
        base(&[policy("a", &RULE.replace("principals", "notPrincipals"))]),
        "a field",
    );
    is_new(
        base(&[policy(
            "a",
            &RULE.replace("{\"rules\"", "{\"action\": \"DENY\", \"rules\""),
        )]),
        "the action",
    );
    let dry = policy("a", RULE).replace(
        "\"shop\"}",
        "\"shop\", \"annotations\": {\"istio.io/dry-run\": \"true\"}}",
    );
    is_new(base(&[dry]), "a dry run");
    is_new(base(&[policy("a", "{}")]), "no rules");
    is_new(base(&[policy("a", r#"{"rules": [{}]}"#)]), "an empty rule");
    is_new(
        base(&[peer_authentication(r#"{"mtls": {"mode": "STRICT"}}"#)]),
        "STRICT",
    );
    is_new(
        base(&[peer_authentication(r#"{"mtls": {"mode": "DISABLE"}}"#)]),
        "DISABLE",
    );
    let ports = |mode| {
        format!(
            r#"{{"selector": {{"matchLabels": {{"app": "orders"}}}}, "portLevelMtls": {{"80": {{"mode": "{mode}"}}}}}}"#
        )
    };
    is_new(base(&[peer_authentication(&ports("STRICT"))]), "a port");
    is_new(base(&[peer_authentication(&ports("DISABLE"))]), "a port's mode");
    for more in [
        r#""protocol": "tcp""#,
        r#""protocol": "tcp", "tcp": {"enforcement": "hold"}"#,
        r#""protocol": "tcp", "tcp": {"enforcement": "hold", "deadline": "3s"}"#,
        r#""report": "all""#,
        r#""paths": "strict""#,
        r#""lock": true"#,
        r#""jwt": {"key": "other"}"#,
        r#""openConnections": {"onUpdate": "close"}"#,
        r#""openConnections": {"onExpiry": "keep"}"#,
        r#""mesh": {"trustDomain": "other"}"#,
        r#""mesh": {"trustDomainAliases": ["other"]}"#,
        r#""mesh": {"rootNamespace": "other"}"#,
        r#""mesh": {"multipleCustomAuthzProviders": true}"#,
        r#""extensionProviders": [{"name": "a", "envoyExtAuthzGrpc": {"service": "a.shop", "port": 1}}]"#,
        r#""extensionProviders": [{"name": "a", "envoyExtAuthzGrpc": {"service": "a.shop", "port": 2}}]"#,
    ] {
        is_new(with(&[policy("a", RULE)], &format!(", {more}")), more);
    }
    for workload in [
        r#"{"namespace": "shop"}"#,
        r#"{"namespace": "shop", "labels": {"app": "orders"}, "serviceAccount": "orders"}"#,
        r#"{"namespace": "shop", "labels": {"app": "orders"}, "kind": "gateway"}"#,
    ] {
        let json = format!(
            r#"{{"workload": {workload}, "resources": [{}]}}"#,
            policy("a", RULE)
        );
        is_new(fingerprint(&json), workload);
    }
}

#[test]
fn there_is_none_without_a_workload() {
    let config = Config::read(&value(r#"{"resources": []}"#)).unwrap();
    assert_eq!(Fingerprint::of(&config), None);
    let loaded = Loader::new(&Value::Object(Vec::new())).finish().unwrap();
    assert_eq!(loaded.fingerprint, None);
}
