//! `PeerAuthentication`: which mode wins, and what it refuses.

use peerwarden_engine::{Lookup, Traffic};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{FRONTEND, config, config_with, decide};

fn peer_authentication(namespace: &str, name: &str, created: &str, spec: &str) -> String {
    format!(
        r#"{{"apiVersion": "security.istio.io/v1beta1", "kind": "PeerAuthentication", "spec": {spec},
            "metadata": {{"name": "{name}", "namespace": "{namespace}", "creationTimestamp": "{created}"}}}}"#
    )
}

const STRICT: &str = r#"{"mtls": {"mode": "STRICT"}}"#;
const PERMISSIVE: &str = r#"{"mtls": {"mode": "PERMISSIVE"}}"#;
const JANUARY: &str = "2024-01-01T00:00:00Z";
const FEBRUARY: &str = "2024-02-01T00:00:00Z";

fn plaintext(documents: &[String]) -> String {
    decide(&config(&documents.join(",")).unwrap(), &Traffic::default())
}

#[test]
fn the_narrower_scope_overrides() {
    let mesh = peer_authentication("istio-system", "mesh", JANUARY, STRICT);
    assert_eq!(
        plaintext(std::slice::from_ref(&mesh)),
        "deny ns[istio-system]-policy[mesh]"
    );
    let namespace = peer_authentication("shop", "ns", JANUARY, PERMISSIVE);
    assert_eq!(plaintext(&[mesh.clone(), namespace.clone()]), "allow");
    let unset = peer_authentication("shop", "ns", JANUARY, r#"{"mtls": {"mode": "UNSET"}}"#);
    assert_eq!(plaintext(&[mesh, unset]), "deny ns[istio-system]-policy[mesh]");
    let workload = peer_authentication(
        "shop",
        "w",
        JANUARY,
        r#"{"selector": {"matchLabels": {"app": "orders"}}, "mtls": {"mode": "STRICT"}}"#,
    );
    assert_eq!(plaintext(&[namespace, workload]), "deny ns[shop]-policy[w]");
}

#[test]
fn the_oldest_of_a_scope_wins_whole() {
    let old = peer_authentication("shop", "z", JANUARY, PERMISSIVE);
    let young = peer_authentication("shop", "a", FEBRUARY, STRICT);
    assert_eq!(plaintext(&[young, old]), "allow");
    let a = peer_authentication("shop", "a", JANUARY, STRICT);
    let b = peer_authentication("shop", "b", JANUARY, PERMISSIVE);
    assert_eq!(
        plaintext(&[b, a]),
        "deny ns[shop]-policy[a]",
        "of equal age the first by name"
    );
}

#[test]
fn a_selector_in_the_root_namespace_governs_nothing() {
    let document = peer_authentication(
        "istio-system",
        "x",
        JANUARY,
        r#"{"selector": {"matchLabels": {"app": "orders"}}, "mtls": {"mode": "STRICT"}}"#,
    );
    assert_eq!(plaintext(&[document]), "allow");
}

#[test]
fn ports_have_their_own_mode() {
    let spec = r#"{"selector": {"matchLabels": {"app": "orders"}}, "mtls": {"mode": "STRICT"}, "portLevelMtls": {"8080": {"mode": "DISABLE"}, "9090": {"mode": "UNSET"}, "9091": null}}"#;
    let config = config(&peer_authentication("shop", "w", JANUARY, spec)).unwrap();
    let to = |port, traffic: Traffic| {
        decide(
            &config,
            &Traffic {
                destination_port: Lookup::Found(port),
                ..traffic
            },
        )
    };
    assert_eq!(to(8080, Traffic::default()), "allow");
    assert_eq!(
        to(8080, Traffic::from_peer(FRONTEND)),
        "deny ns[shop]-policy[w]",
        "DISABLE takes no mutual TLS"
    );
    for port in [80, 9090, 9091] {
        assert_eq!(to(port, Traffic::default()), "deny ns[shop]-policy[w]");
        assert_eq!(to(port, Traffic::from_peer(FRONTEND)), "allow");
    }
    assert_eq!(
        decide(&config, &Traffic::default()),
        "deny ns[shop]-policy[w]",
        "an unknown port is the strictest"
    );
}

#[test]
fn strict_takes_a_verified_peer_only() {
    let config = config(&peer_authentication("shop", "w", JANUARY, STRICT)).unwrap();
    let without_certificate = Traffic {
        tls: Lookup::Found(true),
        ..Traffic::default()
    };
    assert_eq!(decide(&config, &without_certificate), "deny ns[shop]-policy[w]");
    let unknown = Traffic {
        peer: Lookup::Unavailable,
        ..Traffic::default()
    };
    assert_eq!(decide(&config, &unknown), "deny ns[shop]-policy[w]");
}

#[test]
fn no_document_governs_a_gateway() {
    let strict = peer_authentication("istio-system", "mesh", JANUARY, STRICT);
    let json =
        format!(r#"{{"workload": {{"kind": "gateway", "namespace": "shop"}}, "resources": [{strict}]}}"#);
    let config = peerwarden_engine::Config::parse(json.as_bytes()).unwrap();
    assert_eq!(decide(&config, &Traffic::default()), "allow");
}

#[test]
fn disable_hands_other_tls_on_over_tcp_but_not_as_http() {
    let disable = peer_authentication("shop", "w", JANUARY, r#"{"mtls": {"mode": "DISABLE"}}"#);
    let server_tls = Traffic {
        tls: Lookup::Found(true),
        ..Traffic::default()
    };
    let tcp = config_with(&disable, r#""protocol": "tcp""#).unwrap();
    assert_eq!(decide(&tcp, &server_tls), "allow");
    assert_eq!(
        decide(&config(&disable).unwrap(), &server_tls),
        "deny ns[shop]-policy[w]"
    );
}
