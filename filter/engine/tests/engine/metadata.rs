//! Rules on tokens and on other dynamic metadata.

use peerwarden_engine::{Lookup, Traffic};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{allows, config, decide, get, policy, value};

#[test]
fn a_request_principal_has_one_star_at_its_start_or_end() {
    // What each value asks of issuer and subject, by Istio's own tests; the half without the star is literal.
    let cases = [
        ("*", "iss", "sub", true),
        ("*", "iss", "", false),
        ("fo*", "foo", "any", true),
        ("fo*", "xfoo", "any", false),
        ("foo/*", "foo", "any", true),
        ("foo/*", "foo", "", false),
        ("foo/ba*", "foo", "bar", true),
        ("foo/ba*", "foox", "bar", false),
        ("*oo", "any", "foo", true),
        ("*oo", "foo", "any", false),
        ("*/foo", "any", "foo", true),
        ("*/foo", "", "foo", false),
        ("*ar/foo", "bar", "foo", true),
        ("*ar/foo", "bar", "xfoo", false),
        ("foo/bar", "foo", "bar", true),
        ("foo", "foo", "", true),
        ("foo", "foo", "bar", false),
        ("*/*", "any", "any", false),
        ("*/*", "any", "*", true),
        ("*oo/b*", "foo", "bar", false),
        ("*oo/b*", "foo", "b*", true),
        ("fo*/bar", "foo", "bar", false),
        ("fo*/bar", "fo*", "bar", true),
        ("foo/*ar", "foo", "bar", false),
        ("foo/*ar", "foo", "*ar", true),
        ("fo*/ba*", "foo", "bar", false),
        ("foo/*a*", "foo", "xa*", false),
        ("foo/*a*", "foo", "*ax", true),
    ];
    for (written, issuer, subject, matches) in cases {
        let spec =
            format!(r#"{{"rules": [{{"from": [{{"source": {{"requestPrincipals": ["{written}"]}}}}]}}]}}"#);
        let config = config(&policy("p", &spec)).unwrap();
        let traffic = Traffic {
            jwt: Lookup::Found(value(&format!(r#"{{"iss": "{issuer}", "sub": "{subject}"}}"#))),
            ..get(None, "/")
        };
        assert_eq!(
            allows(&config, &traffic),
            matches,
            "{written}: {issuer}, {subject}"
        );
    }
}

#[test]
fn claims_of_a_verified_token() {
    let config = config(&policy("p", r#"{"rules": [
        {"from": [{"source": {"requestPrincipals": ["https://issuer.example/alice"]}}]},
        {"when": [{"key": "request.auth.claims[a][b]", "values": ["x*"]}, {"key": "request.auth.claims[scope]", "values": ["write"]}]},
        {"when": [{"key": "request.auth.audiences", "values": ["ledger"]}, {"key": "request.auth.presenter", "notValues": ["*"]}]}
    ]}"#)).unwrap();
    let with = |jwt: &str| Traffic {
        jwt: Lookup::Found(value(jwt)),
        ..get(None, "/")
    };
    assert_eq!(
        decide(
            &config,
            &with(r#"{"iss": "https://issuer.example", "sub": "alice"}"#)
        ),
        "allow ns[shop]-policy[p]-rule[0]"
    );
    assert_eq!(
        decide(
            &config,
            &with(r#"{"a": {"b": ["n", "xy"]}, "scope": "read write"}"#)
        ),
        "allow ns[shop]-policy[p]-rule[1]"
    );
    assert_eq!(
        decide(&config, &with(r#"{"aud": ["ledger"]}"#)),
        "allow ns[shop]-policy[p]-rule[2]"
    );
    assert_eq!(
        decide(&config, &with(r#"{"aud": ["ledger"], "azp": "app"}"#)),
        "deny"
    );
    assert_eq!(
        decide(&config, &with(r#"{"a": {"b": 7}, "scope": "write"}"#)),
        "deny",
        "numbers match nothing"
    );
    assert_eq!(decide(&config, &get(None, "/")), "deny");
}

#[test]
fn dynamic_metadata_of_a_filter() {
    let config = config(&policy("p", r#"{"rules": [
        {"when": [{"key": "experimental.envoy.filters.network.mysql_proxy[db.table]", "values": ["[update]"]}]},
        {"when": [{"key": "experimental.envoy.filters.a[k]", "values": ["v*"]}]}
    ]}"#)).unwrap();
    let with = |filter: &str, key: &str, json: &str| Traffic {
        metadata: Lookup::Found(vec![(filter.to_owned(), key.to_owned(), value(json))]),
        ..Traffic::default()
    };
    assert!(allows(
        &config,
        &with(
            "envoy.filters.network.mysql_proxy",
            "db.table",
            r#"["select", "update"]"#
        )
    ));
    assert!(!allows(
        &config,
        &with("envoy.filters.network.mysql_proxy", "db.table", r#""update""#)
    ));
    assert!(allows(&config, &with("envoy.filters.a", "k", r#""value""#)));
    assert!(!allows(&config, &with("envoy.filters.b", "k", r#""value""#)));
}

#[test]
fn brackets_of_a_list_match_are_all_taken_off() {
    for (written, held, matches) in [
        ("[[v]]", r#"["v"]"#, true),
        ("[[v]]", r#"["[v]"]"#, false),
        ("[v1, v2]", r#"["v1, v2"]"#, true),
        ("[v1, v2]", r#"["v1"]"#, false),
        ("[*]", r#"[""]"#, false),
        ("[v", r#""[v""#, true),
    ] {
        let spec = format!(
            r#"{{"rules": [{{"when": [{{"key": "experimental.envoy.filters.a[k]", "values": ["{written}"]}}]}}]}}"#
        );
        let config = config(&policy("p", &spec)).unwrap();
        let traffic = Traffic {
            metadata: Lookup::Found(vec![("envoy.filters.a".to_owned(), "k".to_owned(), value(held))]),
            ..Traffic::default()
        };
        assert_eq!(allows(&config, &traffic), matches, "{written}: {held}");
    }
}
