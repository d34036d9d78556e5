//! Differences that can be verified by hand.

use peerwarden_analysis::{Attribute, Comparison, Peers, compare, is_same};
use peerwarden_engine::Lookup;

use super::{policy, program};

fn compared(old: &str, new: &str) -> Comparison {
    let [old, new] = [old, new].map(|spec| program(&policy("a", spec), ""));
    compare(&old, &new, 50).unwrap()
}

/// Both ways.
fn equivalent(old: &str, new: &str) {
    for (old, new) in [(old, new), (new, old)] {
        let comparison = compared(old, new);
        assert!(comparison.is_equivalent(), "{old} {new}: {comparison:#?}");
        assert_eq!(comparison.peers, Peers::AnyName);
    }
}

/// The descriptions of all newly allowed classes.
fn gained(old: &str, new: &str) -> Vec<String> {
    let comparison = compared(old, new);
    assert!(comparison.newly_denied.shown.is_empty(), "{comparison:#?}");
    let classes = comparison.newly_allowed.shown.iter();
    let said = classes.map(|class| {
        let values = class
            .values
            .iter()
            .map(|(attribute, values)| format!("{attribute}: {values}"));
        values.collect::<Vec<_>>().join(" | ")
    });
    said.collect()
}

fn paths(values: &str) -> String {
    format!(r#"{{"rules": [{{"to": [{{"operation": {{{values}}}}}]}}]}}"#)
}

fn sources(values: &str) -> String {
    format!(r#"{{"rules": [{{"from": [{{"source": {{{values}}}}}]}}]}}"#)
}

fn when(key: &str, values: &str) -> String {
    format!(r#"{{"rules": [{{"when": [{{"key": "{key}", {values}}}]}}]}}"#)
}

#[test]
fn other_words_for_the_same_are_equivalent() {
    // A prefix contains it already.
    equivalent(
        &paths(r#""paths": ["/a*"]"#),
        &paths(r#""paths": ["/a*", "/ab", "/a/{*}", "/abc*"]"#),
    );
    // Every path begins with a slash or is a star.
    equivalent(&paths(r#""paths": ["*"]"#), "{\"rules\": [{}]}");
    // A path is without its query.
    equivalent(&paths(r#""notPaths": ["/a?x"]"#), "{\"rules\": [{}]}");
    equivalent(
        &paths(r#""hosts": ["EXAMPLE.com"]"#),
        &paths(r#""hosts": ["example.COM"]"#),
    );
    equivalent(
        &paths(r#""ports": ["80"], "notPorts": ["443"]"#),
        &paths(r#""ports": ["80"]"#),
    );
    // The halves of a block.
    equivalent(
        &sources(r#""ipBlocks": ["10.0.0.0/8"]"#),
        &sources(r#""ipBlocks": ["10.0.0.0/9", "10.128.0.0/9", "::ffff:10.0.0.0/104"]"#),
    );
    equivalent(
        &sources(r#""principals": ["*"]"#),
        &when("source.principal", r#""values": ["*"]"#),
    );
    // A server name is never empty.
    equivalent(
        &when("connection.sni", r#""values": ["*"]"#),
        &when("connection.sni", r#""values": ["a", "*"]"#),
    );
    // Without TLS there is no certificate, and no server name.
    equivalent(
        r#"{"rules": [{"when": [{"key": "request.headers[:scheme]", "values": ["http"]},
                                {"key": "connection.sni", "values": ["*"]}]}]}"#,
        "{}",
    );
}

#[test]
fn two_readings_of_one_text_belong_together() {
    // `request.headers[:path]` includes the query, `paths` does not.
    equivalent(
        r#"{"rules": [{"to": [{"operation": {"paths": ["/a"]}}],
                       "when": [{"key": "request.headers[:path]", "values": ["/b*"]}]}]}"#,
        "{}",
    );
    equivalent(
        r#"{"rules": [{"to": [{"operation": {"hosts": ["a"]}}],
                       "when": [{"key": "request.headers[Host]", "values": ["a", "A"]}]}]}"#,
        &paths(r#""hosts": ["A"]"#),
    );
    // A claim that is a text has nothing inside.
    equivalent(
        r#"{"rules": [{"when": [{"key": "request.auth.claims[a]", "values": ["x"]},
                                {"key": "request.auth.claims[a][b]", "values": ["y"]}]}]}"#,
        "{}",
    );
    // Subject and claim `sub` are one, but as a list it is a claim only.
    equivalent(
        r#"{"rules": [{"from": [{"source": {"requestPrincipals": ["i/s"]}}],
                       "when": [{"key": "request.auth.claims[sub]", "values": ["t"]}]}]}"#,
        "{}",
    );
    let said = gained("{}", &when("request.auth.claims[sub]", r#""values": ["t"]"#));
    assert_eq!(said, ["request.auth.claims[sub]: t"]);
}

#[test]
fn a_header_has_several_lines() {
    let both = r#"{"rules": [{"when": [{"key": "request.headers[x-team]", "values": ["a"]},
                                       {"key": "request.headers[x-team]", "values": ["b"]}]}]}"#;
    let comparison = compared("{}", both);
    let [class] = comparison.newly_allowed.shown.as_slice() else {
        panic!("{comparison:#?}")
    };
    let Lookup::Found(lines) = &class.witness.headers else {
        panic!("{class:?}")
    };
    let lines: Vec<&[u8]> = lines
        .iter()
        .filter(|(name, _)| name == "x-team")
        .map(|(_, line)| line.as_slice())
        .collect();
    assert_eq!(lines, [b"a", b"b"]);
}

#[test]
fn what_is_gained_is_said_in_the_policies_words() {
    assert_eq!(
        gained(
            &paths(r#""methods": ["GET"], "paths": ["/a*"]"#),
            &paths(r#""methods": ["GET"]"#)
        ),
        ["method: GET | path: any but not /a*"]
    );
    assert_eq!(
        gained(
            "{}",
            &sources(r#""namespaces": ["web"], "notPrincipals": ["*/sa/admin"]"#)
        ),
        ["peer: namespace web but not */sa/admin"]
    );
    assert_eq!(
        gained("{}", &sources(r#""notNamespaces": ["web"]"#)),
        ["peer: any but not namespace web"]
    );
    assert_eq!(
        gained("{}", &sources(r#""principals": ["*"], "notTrustDomains": ["a"]"#)),
        ["peer: any certificate but not trust domain a"]
    );
    assert_eq!(
        gained("{}", &paths(r#""ports": ["80", "443"]"#)),
        ["port: 80, 443"]
    );
    assert_eq!(
        gained("{}", &when("request.headers[x]", r#""notValues": ["a", "b"]"#)),
        ["request.headers[x]: not a and not b"]
    );
}

#[test]
fn a_witness_is_plain_where_it_can_be() {
    let comparison = compared("{}", &sources(r#""namespaces": ["web"]"#));
    let peer = comparison.newly_allowed.shown[0].witness.peer.clone();
    let Lookup::Found(peer) = peer else {
        panic!("{peer:?}")
    };
    assert_eq!(peer.to_string(), "spiffe://cluster.local/ns/web/sa/other");
    // Names in another form have that namespace too: one of them is shown, and nothing else is claimed about them.
    let odd = comparison.newly_allowed.odd.as_ref().map(|odd| odd.peer.clone());
    let Some(Lookup::Found(odd)) = odd else {
        panic!("{odd:?}")
    };
    assert!(odd.to_string().contains("/ns/web/"), "{odd}");
    assert_eq!(comparison.newly_allowed.shown.len(), 1);
}

#[test]
fn modes_and_authorizers_count() {
    let strict = r#"{"apiVersion": "security.istio.io/v1", "kind": "PeerAuthentication",
        "metadata": {"name": "default", "namespace": "shop"}, "spec": {"mtls": {"mode": "STRICT"}}}"#;
    let comparison = compare(&program("", ""), &program(strict, ""), 9).unwrap();
    let said: Vec<String> = comparison
        .newly_denied
        .shown
        .iter()
        .map(|class| class.values[0].1.to_string())
        .collect();
    assert_eq!(said, ["plaintext, TLS without a certificate"]);

    let provider = r#", "extensionProviders": [{"name": "opa",
        "envoyExtAuthzGrpc": {"service": "a.b", "port": 80, "failOpen": true}}]"#;
    let custom = policy(
        "c",
        r#"{"action": "CUSTOM", "provider": {"name": "opa"}, "rules": [{}]}"#,
    );
    let asked = compare(&program("", provider), &program(&custom, provider), 9).unwrap();
    assert_eq!(asked.authorizers, ["opa"]);
    let [class] = asked.newly_denied.shown.as_slice() else {
        panic!("{asked:#?}")
    };
    assert_eq!(
        class.values,
        [(Attribute::Authorizer("opa".to_owned()), class.values[0].1.clone())]
    );
    assert_eq!(class.values[0].1.to_string(), "denies");
    // Nobody defines it: everything is denied.
    let unusable = compare(&program("", ""), &program(&custom, ""), 9).unwrap();
    assert!(unusable.newly_denied.shown[0].values.is_empty());
}

#[test]
fn on_tcp_rules_with_http_fields_mean_something_else() {
    let tcp = |spec: &str| program(&policy("a", spec), r#", "protocol": "tcp""#);
    let denying = |operation: &str| {
        format!(r#"{{"action": "DENY", "rules": [{{"to": [{{"operation": {{{operation}}}}}]}}]}}"#)
    };
    let old = tcp(&denying(r#""ports": ["80"]"#));
    assert!(!is_same(&old, &tcp(&denying(r#""paths": ["/a"]"#))));
    let wider = tcp(&denying(r#""ports": ["80"], "paths": ["/a"]"#));
    assert!(is_same(&old, &wider), "its path says nothing");
}

#[test]
fn many_namespaces_are_told_apart_by_istio_names() {
    let values = |range: std::ops::Range<u32>| {
        let names: Vec<String> = range.map(|number| format!("\"ns-{number}\"")).collect();
        sources(&format!(r#""namespaces": [{}]"#, names.join(",")))
    };
    let comparison = compared(&values(0..200), &values(1..200));
    assert_eq!(comparison.peers, Peers::IstioNames);
    assert_eq!(
        comparison.newly_denied.shown[0].values[0].1.to_string(),
        "namespace ns-0"
    );
    assert!(comparison.newly_allowed.shown.is_empty());
}

/// Two sets that allow the same established values may still differ on others: they are not equivalent.
#[test]
fn what_is_not_established_is_told_apart() {
    let rules = |rules: &str, more: &str| program(&policy("p", &format!(r#"{{"rules": [{rules}]}}"#)), more);
    let any = rules("{}", "");
    let from = |field: &str| format!(r#"{{"from": [{{"source": {{"{field}": ["td/ns/a/sa/b"]}}}}]}}"#);
    let either = rules(&format!("{}, {}", from("principals"), from("notPrincipals")), "");
    let comparison = compare(&either, &any, 9).unwrap();
    let gained = &comparison.newly_allowed.shown;
    assert_eq!(gained.len(), 1, "{comparison:?}");
    assert_eq!(
        gained[0].values[0].1.to_string(),
        "a certificate without a URI SAN"
    );
    assert!(comparison.newly_denied.shown.is_empty(), "{comparison:?}");

    let to = |field: &str| format!(r#"{{"to": [{{"operation": {{"{field}": ["shop.example"]}}}}]}}"#);
    let either = rules(&format!("{}, {}", to("hosts"), to("notHosts")), "");
    let gained = compare(&either, &any, 9).unwrap().newly_allowed.shown;
    assert_eq!(gained.len(), 1, "{gained:?}");
    assert_eq!(gained[0].values[0].1.to_string(), "what is not a host");

    let when =
        |field: &str| format!(r#"{{"when": [{{"key": "connection.sni", "{field}": ["shop.example"]}}]}}"#);
    let either = rules(&format!("{}, {}", when("values"), when("notValues")), "");
    let gained = compare(&either, &any, 9).unwrap().newly_allowed.shown;
    assert_eq!(gained.len(), 1, "{gained:?}");
    let shown: Vec<String> = gained[0]
        .values
        .iter()
        .map(|(_, values)| values.to_string())
        .collect();
    assert!(
        shown.contains(&"a name with a dot at its end".to_owned()),
        "{shown:?}"
    );

    // `paths: strict` is a change of meaning by itself.
    let path = r#"{"to": [{"operation": {"paths": ["/*"]}}]}"#;
    let (lenient, strict) = (rules(path, ""), rules(path, r#", "paths": "strict""#));
    let comparison = compare(&lenient, &strict, 9).unwrap();
    assert!(comparison.newly_allowed.shown.is_empty(), "{comparison:?}");
    let lost = &comparison.newly_denied.shown;
    assert_eq!(lost.len(), 1, "{comparison:?}");
    assert_eq!(
        lost[0].values[0].1.to_string(),
        "paths with an escape such as %3a, or a segment of dots"
    );
    assert!(!peerwarden_analysis::is_same(&lenient, &strict));
}
