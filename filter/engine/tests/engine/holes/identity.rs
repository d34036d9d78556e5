//! Identities that resemble others.

use peerwarden_engine::{Config, Lookup, Peer, Traffic};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::super::{FRONTEND, allows, config};
use super::source;

fn passes(config: &Config, uri: &str) -> bool {
    allows(config, &Traffic::from_peer(uri))
}

/// CVE-2026-39350, and Istio's release notes 59992 and 59700: a policy's text is literal, whatever it means as a
/// regular expression.
#[test]
fn a_regular_expressions_characters_are_characters() {
    for meta in [
        ".", "+", "?", "^", "$", "(", ")", "[a-z]", "|", "{1}", "\\\\", ".*", ".+", "(a|b)",
    ] {
        let plain = meta.replace("\\\\", "\\");
        for (field, value, own) in [
            (
                "principals",
                format!("td/ns/n{meta}s/sa/a"),
                format!("spiffe://td/ns/n{plain}s/sa/a"),
            ),
            (
                "principals",
                format!("*/sa/a{meta}b"),
                format!("spiffe://td/ns/n/sa/a{plain}b"),
            ),
            (
                "principals",
                format!("td/ns/n{meta}*"),
                format!("spiffe://td/ns/n{plain}/sa/a"),
            ),
            (
                "namespaces",
                format!("n{meta}s"),
                format!("spiffe://td/ns/n{plain}s/sa/a"),
            ),
        ] {
            // A star inside a namespace is a wildcard, inside a principal it is a character.
            if field == "namespaces" && meta.contains('*') {
                continue;
            }
            let config = source("ALLOW", &format!(r#""{field}": ["{value}"]"#));
            assert!(passes(&config, &own), "{field} {value} {own}");
            for other in [
                "spiffe://td/ns/nxs/sa/a",
                "spiffe://td/ns/ns/sa/a",
                "spiffe://td/ns/n/sa/axb",
                "spiffe://td/ns/n/sa/ab",
                "spiffe://td/ns/n/sa/a",
            ] {
                assert!(!passes(&config, other), "{field} {value} {other}");
            }
        }
    }
}

/// The same for service accounts, whose names may contain dots.
#[test]
fn a_dot_in_a_service_account_is_a_dot() {
    let config = source("ALLOW", r#""serviceAccounts": ["shop/a.b"]"#);
    assert!(passes(&config, "spiffe://td/ns/shop/sa/a.b"));
    for other in ["a-b", "axb", "ab", "a.bc", "xa.b"] {
        assert!(
            !passes(&config, &format!("spiffe://td/ns/shop/sa/{other}")),
            "{other}"
        );
    }
    let bare = source("ALLOW", r#""serviceAccounts": ["a+"]"#);
    assert!(passes(&bare, "spiffe://td/ns/shop/sa/a+") && !passes(&bare, "spiffe://td/ns/shop/sa/aa"));
}

/// A wildcard in a namespace leaves the other characters of the pattern literal.
#[test]
fn a_globs_characters_are_characters() {
    let config = source("ALLOW", r#""namespaces": ["a[bc]?{d,e}*"]"#);
    assert!(passes(&config, "spiffe://td/ns/a[bc]?{d,e}/sa/x"));
    assert!(passes(&config, "spiffe://td/ns/a[bc]?{d,e}f/sa/x"));
    for other in ["ab", "abxd", "abd", "a[bc]xd"] {
        assert!(
            !passes(&config, &format!("spiffe://td/ns/{other}/sa/x")),
            "{other}"
        );
    }
}

/// CVE-2020-16844, and its consequence: a suffix matches in every trust domain, so use it only for DENY.
#[test]
fn a_suffix_crosses_trust_domains() {
    let deny = source("DENY", r#""principals": ["*/ns/web/sa/frontend"]"#);
    for uri in [FRONTEND, "spiffe://partner.example/ns/web/sa/frontend"] {
        assert!(!passes(&deny, uri), "{uri}");
    }
    let narrow = source(
        "ALLOW",
        r#""principals": ["*/ns/web/sa/frontend"], "trustDomains": ["cluster.local"]"#,
    );
    assert!(passes(&narrow, FRONTEND) && !passes(&narrow, "spiffe://partner.example/ns/web/sa/frontend"));
    let suffix = source("ALLOW", r#""principals": ["*frontend"]"#);
    assert!(!passes(&suffix, "https://x.example/frontend"), "no SPIFFE ID");
}

/// A peer without a certificate is none of those named: `notPrincipals` alone allows plaintext.
#[test]
fn a_plaintext_peer_is_none_of_those_named() {
    let plaintext = Traffic::default();
    for field in [
        "notPrincipals",
        "notNamespaces",
        "notServiceAccounts",
        "notTrustDomains",
    ] {
        let value = if field == "notPrincipals" {
            "cluster.local/ns/web/sa/x"
        } else {
            "x"
        };
        let allow = source("ALLOW", &format!(r#""{field}": ["{value}"]"#));
        let deny = source("DENY", &format!(r#""{field}": ["{value}"]"#));
        assert!(
            allows(&allow, &plaintext) && !allows(&deny, &plaintext),
            "{field}"
        );
    }
    let authenticated = source(
        "ALLOW",
        r#""principals": ["*"], "notPrincipals": ["cluster.local/ns/web/sa/x"]"#,
    );
    assert!(!allows(&authenticated, &plaintext) && passes(&authenticated, FRONTEND));
    // A peer that is not known yet is neither.
    let unknown = Traffic {
        peer: Lookup::Unavailable,
        ..Traffic::default()
    };
    assert!(!allows(&source("ALLOW", r#""notPrincipals": ["*"]"#), &unknown));
    assert!(!allows(&source("DENY", r#""principals": ["*"]"#), &unknown));
}

/// A certificate without a URI SAN has no SPIFFE identity: its other names neither allow it nor hide it.
#[test]
fn who_has_no_uri_san_is_shut_out_by_every_rule_on_identity() {
    let with = |peer: Peer| Traffic {
        peer: Lookup::Found(peer),
        tls: Lookup::Found(true),
        ..Traffic::default()
    };
    let dns = b"spiffe://cluster.local/ns/web/sa/frontend".to_vec();
    let peers = [
        Peer::default(),
        Peer {
            dns_sans: vec![dns.clone()],
            ..Peer::default()
        },
        Peer {
            subject: dns,
            ..Peer::default()
        },
        Peer {
            uri_sans: vec![Vec::new()],
            ..Peer::default()
        },
    ];
    for (field, values) in [
        ("principals", ["*", "cluster.local/ns/web/sa/frontend"]),
        ("namespaces", ["*", "web"]),
        ("serviceAccounts", ["web/frontend", "web/x"]),
        ("trustDomains", ["*", "cluster.local"]),
    ] {
        let mut not = format!("not{field}");
        not[3..4].make_ascii_uppercase();
        for (field, value) in [field, &not]
            .iter()
            .flat_map(|field| values.map(|value| (field, value)))
        {
            for action in ["ALLOW", "DENY"] {
                let config = source(action, &format!(r#""{field}": ["{value}"]"#));
                for peer in &peers {
                    assert!(
                        !allows(&config, &with(peer.clone())),
                        "{action} {field} {value} {peer:?}"
                    );
                }
            }
        }
    }
    // Beside a URI SAN they say nothing.
    let named = with(Peer {
        dns_sans: vec![b"spiffe://cluster.local/ns/web/sa/frontend".to_vec()],
        ..Peer::from_uri("spiffe://cluster.local/ns/web/sa/other")
    });
    let frontend = r#""principals": ["cluster.local/ns/web/sa/frontend"]"#;
    assert!(!allows(&source("ALLOW", frontend), &named) && allows(&source("DENY", frontend), &named));
    // It is a verified peer all the same.
    let strict = config(
        r#"{"apiVersion": "security.istio.io/v1", "kind": "PeerAuthentication",
            "metadata": {"name": "d", "namespace": "shop"}, "spec": {"mtls": {"mode": "STRICT"}}}"#,
    );
    assert!(allows(&strict.unwrap(), &with(peers[1].clone())));
}

/// A name that is not UTF-8, or contains a character that ends a text elsewhere, is compared byte by byte.
#[test]
fn bytes_that_are_no_text_are_bytes() {
    let with = |uri: &[u8]| Traffic {
        peer: Lookup::Found(Peer::from_uri(uri)),
        ..Traffic::default()
    };
    let frontend = r#""principals": ["cluster.local/ns/web/sa/frontend"]"#;
    for uri in [
        b"spiffe://cluster.local/ns/web/sa/frontend\0".as_slice(),
        b"spiffe://cluster.local/ns/web/sa/frontend\xff",
        b"spiffe://cluster.local/ns/web/sa/\xc0frontend",
        b"SPIFFE://cluster.local/ns/web/sa/frontend",
        b" spiffe://cluster.local/ns/web/sa/frontend",
    ] {
        assert!(!allows(&source("ALLOW", frontend), &with(uri)), "{uri:?}");
    }
    let deny = source("DENY", r#""namespaces": ["w*b"]"#);
    assert!(!allows(
        &deny,
        &with(b"spiffe://cluster.local/ns/w\xff\xfeb/sa/x")
    ));
    let others = source("DENY", r#""notNamespaces": ["web"]"#);
    assert!(!allows(&others, &with(b"spiffe://cluster.local/ns/we\xffb/sa/x")));
}

#[test]
fn a_very_long_name_is_a_name() {
    let long = format!(
        "spiffe://cluster.local/{}/ns/web/sa/frontend",
        "x/".repeat(100_000)
    );
    assert!(!passes(
        &source("DENY", r#""principals": ["*/ns/web/sa/frontend"]"#),
        &long
    ));
    assert!(!passes(&source("DENY", r#""namespaces": ["w*b"]"#), &long));
    assert!(!passes(
        &source("DENY", r#""serviceAccounts": ["web/frontend"]"#),
        &long
    ));
}
