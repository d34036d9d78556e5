//! HTTP: who may do what.

use peerwarden_engine::{Lookup, Peer, Traffic};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{FRONTEND, allows, config, decide, get, policy, policy_in, request};

#[test]
fn without_any_policy_everything_passes() {
    assert_eq!(decide(&config("").unwrap(), &get(None, "/")), "allow");
}

#[test]
fn an_allow_policy_denies_all_else() {
    let config = config(&policy("p", r#"{"rules": [{"from": [{"source": {"principals": ["cluster.local/ns/web/sa/frontend"]}}], "to": [{"operation": {"methods": ["GET"], "paths": ["/orders*"]}}]}]}"#)).unwrap();
    assert_eq!(
        decide(&config, &get(Some(FRONTEND), "/orders/1?x=/admin")),
        "allow ns[shop]-policy[p]-rule[0]"
    );
    assert_eq!(decide(&config, &get(Some(FRONTEND), "/admin?x=/orders")), "deny");
    assert_eq!(decide(&config, &get(None, "/orders")), "deny");
    assert_eq!(
        decide(
            &config,
            &get(Some("spiffe://partner.example/ns/web/sa/frontend"), "/orders")
        ),
        "deny"
    );
    assert_eq!(
        decide(&config, &request(Some(FRONTEND), "get", "h", "/orders", &[])),
        "deny",
        "methods have case"
    );
}

#[test]
fn deny_wins_whatever_allows() {
    let both = [
        policy("allow", r#"{"rules": [{}]}"#),
        policy_in(
            "istio-system",
            "deny",
            r#"{"action": "DENY", "rules": [{"to": [{"operation": {"paths": ["/x"]}}]}, {"to": [{"operation": {"paths": ["/admin*"]}}]}]}"#,
        ),
    ];
    let config = config(&both.join(",")).unwrap();
    assert_eq!(
        decide(&config, &get(None, "/admin/1")),
        "deny ns[istio-system]-policy[deny]-rule[1]"
    );
    assert_eq!(
        decide(&config, &get(None, "/")),
        "allow ns[shop]-policy[allow]-rule[0]"
    );
}

#[test]
fn an_empty_spec_allows_nothing_and_an_empty_rule_everything() {
    assert_eq!(
        decide(&config(&policy("p", "{}")).unwrap(), &get(Some(FRONTEND), "/")),
        "deny"
    );
    let deny_all = config(&policy("p", r#"{"action": "DENY", "rules": [{}]}"#)).unwrap();
    assert_eq!(
        decide(&deny_all, &get(Some(FRONTEND), "/")),
        "deny ns[shop]-policy[p]-rule[0]"
    );
}

#[test]
fn the_first_by_id_is_reported() {
    let rules = [r#"{"to": [{"operation": {"paths": ["/never"]}}]}"#; 2].join(",");
    let many = format!(r#"{{"rules": [{rules}, {}]}}"#, ["{}"; 9].join(","));
    let config = config(&[policy("b", r#"{"rules": [{}]}"#), policy("a", &many)].join(",")).unwrap();
    // `rule[10]` sorts before `rule[2]`, as in Envoy's map of policies.
    assert_eq!(
        decide(&config, &get(None, "/")),
        "allow ns[shop]-policy[a]-rule[10]"
    );
}

#[test]
fn selection_is_by_namespace_and_labels() {
    let elsewhere = policy_in("other", "p", "{}");
    assert!(allows(&config(&elsewhere).unwrap(), &get(None, "/")));
    let other_app = policy("p", r#"{"selector": {"matchLabels": {"app": "cart"}}}"#);
    assert!(allows(&config(&other_app).unwrap(), &get(None, "/")));
    let from_root = policy_in(
        "istio-system",
        "p",
        r#"{"selector": {"matchLabels": {"app": "orders"}}}"#,
    );
    assert!(!allows(&config(&from_root).unwrap(), &get(None, "/")));
}

#[test]
fn a_missing_attribute_satisfies_negatives_only() {
    let not = config(&policy(
        "p",
        r#"{"rules": [{"from": [{"source": {"notPrincipals": ["*"]}}]}]}"#,
    ))
    .unwrap();
    assert!(allows(&not, &get(None, "/")) && !allows(&not, &get(Some(FRONTEND), "/")));
    let header = config(&policy(
        "p",
        r#"{"rules": [{"when": [{"key": "request.headers[X-Role]", "notValues": ["admin"]}]}]}"#,
    ))
    .unwrap();
    assert!(allows(&header, &get(None, "/")));
    let line = |value| request(None, "GET", "h", "/", &[("x-role", "guest"), ("x-role", value)]);
    assert!(
        allows(&header, &line("user")) && !allows(&header, &line("admin")),
        "each line counts (CVE-2026-26308)"
    );
}

#[test]
fn what_cannot_be_established_denies() {
    for (spec, action) in [
        (r#"{"ipBlocks": ["10.0.0.0/8"]}"#, "ALLOW"),
        (r#"{"notIpBlocks": ["10.0.0.0/8"]}"#, "ALLOW"),
        (r#"{"ipBlocks": ["10.0.0.0/8"]}"#, "DENY"),
        (r#"{"notIpBlocks": ["10.0.0.0/8"]}"#, "DENY"),
    ] {
        let spec = format!(r#"{{"action": "{action}", "rules": [{{"from": [{{"source": {spec}}}]}}]}}"#);
        let unknown = Traffic {
            source_ip: Lookup::Unavailable,
            ..get(Some(FRONTEND), "/")
        };
        assert!(!allows(&config(&policy("p", &spec)).unwrap(), &unknown), "{spec}");
    }
}

#[test]
fn any_name_of_the_peer_counts() {
    let config = config(&policy(
        "p",
        r#"{"action": "DENY", "rules": [{"from": [{"source": {"namespaces": ["evil"]}}]}]}"#,
    ))
    .unwrap();
    let mut peer = Peer::from_uri("spiffe://td/ns/good/sa/a");
    peer.uri_sans.push(b"spiffe://td/ns/evil/sa/a".to_vec());
    let traffic = Traffic {
        peer: Lookup::Found(peer),
        ..get(None, "/")
    };
    assert!(!allows(&config, &traffic));
}

#[test]
fn hosts_ignore_case_and_keep_the_port() {
    let config = config(&policy(
        "p",
        r#"{"rules": [{"to": [{"operation": {"hosts": ["Example.com", "*.Test"]}}]}]}"#,
    ))
    .unwrap();
    let to = |host| request(None, "GET", host, "/", &[]);
    assert!(allows(&config, &to("EXAMPLE.com")) && allows(&config, &to("a.tESt")));
    assert!(!allows(&config, &to("example.com:80")) && !allows(&config, &to("example.com.")));
}

#[test]
fn trust_domain_aliases_are_one_trust_domain() {
    let spec = r#"{"rules": [{"from": [{"source": {"principals": ["cluster.local/ns/web/sa/frontend"]}}]}]}"#;
    let config = super::config_with(
        &policy("p", spec),
        r#""mesh": {"trustDomain": "new", "trustDomainAliases": ["old"]}"#,
    )
    .unwrap();
    for (domain, expected) in [("new", true), ("old", true), ("cluster.local", false)] {
        assert_eq!(
            allows(
                &config,
                &get(Some(&format!("spiffe://{domain}/ns/web/sa/frontend")), "/")
            ),
            expected
        );
    }
}
