//! The compiled and the reference evaluator agree where an index discards little: rules with `not…` fields, or rules
//! with the same values, most of which are discarded before they are evaluated.

use std::cell::Cell;

use peerwarden_engine::{Config, Lookup, Peer, Program, Traffic, Verdict, reference};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::test_runner::{Config as Runner, TestRunner};
use serde_json::json;

use super::generate::Json;
use super::{assert_unreported, config, config_with, decide, get, policy, value};

/// Names that requests use.
const NAMES: [&str; 5] = [
    "spiffe://td/ns/web/sa/a",
    "spiffe://td/ns/web",
    "spiffe://other/ns/shop/sa/b",
    "https://td/ns/web/sa/a",
    "spiffe://td/ns/we/b/sa/a",
];
const PATHS: [&str; 5] = ["/a/b?x", "/a", "/b/a", "/c/d/a", "/deeeeeeeeeeeeeeeeeeee"];
const METHODS: [&str; 3] = ["GET", "PUT", "POST"];
const HOSTS: [&str; 4] = ["Shop.example", "shop.example:80", "web.example", "x"];
const IPS: [&str; 4] = ["10.0.0.1", "10.0.1.1", "192.0.2.1", "2001:db8::1"];
const TEAMS: [&str; 3] = ["blue", "red", "bluered"];

/// Values that rules exclude: for each kind, some that the index finds as a whole, and some that it does not.
const FIELDS: [(&str, &[&str]); 5] = [
    (
        "notPrincipals",
        &[
            "td/ns/web/sa/a",
            "td/ns/web*",
            "*/sa/a",
            "other*",
            "*td/ns/web",
            "td/ns/we/*",
        ],
    ),
    ("notNamespaces", &["web", "shop", "we*", "b", "we/b", "*b*"]),
    ("notTrustDomains", &["td", "other", "t*", "*er"]),
    (
        "notIpBlocks",
        &[
            "10.0.0.0/24",
            "10.0.0.0/8",
            "192.0.2.1",
            "2001:db8::/32",
            "0.0.0.0/0",
        ],
    ),
    ("notRequestPrincipals", &["iss/sub", "iss/*", "other/sub"]),
];
const OPERATIONS: [(&str, &[&str]); 4] = [
    (
        "notPaths",
        &["/a", "/a*", "*/a", "/a/{*}", "/{*}", "/c*", "*d", "/d"],
    ),
    ("notMethods", &["GET", "P*", "*T"]),
    ("notHosts", &["shop.EXAMPLE", "shop*", "*:80", "*.Example"]),
    ("notPorts", &["80", "443", "8080"]),
];
const CONDITIONS: [(&str, &[&str]); 4] = [
    ("request.headers[x-team]", &["blue", "b*", "*red"]),
    ("connection.sni", &["shop.example", "web*"]),
    ("request.auth.claims[group]", &["blue", "re*"]),
    ("source.namespace", &["web", "sh*"]),
];

/// Values that many rules share.
const SHARED_FIELDS: [(&str, &[&str]); 4] = [
    ("principals", &["td/ns/web*", "*/sa/a", "other*"]),
    ("namespaces", &["web", "w*"]),
    ("ipBlocks", &["10.0.0.0/8", "192.0.2.0/24"]),
    ("requestPrincipals", &["iss/*", "*/sub", "other/*"]),
];
const SHARED_OPERATIONS: [(&str, &[&str]); 3] = [
    ("methods", &["GET", "P*"]),
    ("hosts", &["shop*", "*.example"]),
    ("paths", &BEGINNINGS),
];

/// Beginnings of one path, more than are known at a time.
const BEGINNINGS: [&str; 20] = [
    "/d*",
    "/de*",
    "/dee*",
    "/deee*",
    "/deeee*",
    "/deeeee*",
    "/deeeeee*",
    "/deeeeeee*",
    "/deeeeeeee*",
    "/deeeeeeeee*",
    "/deeeeeeeeee*",
    "/deeeeeeeeeee*",
    "/deeeeeeeeeeee*",
    "/deeeeeeeeeeeee*",
    "/deeeeeeeeeeeeee*",
    "/deeeeeeeeeeeeeee*",
    "/deeeeeeeeeeeeeeee*",
    "/deeeeeeeeeeeeeeeee*",
    "/deeeeeeeeeeeeeeeeee*",
    "/deeeeeeeeeeeeeeeeeee*",
];

/// Some fields, each with some of its values: the more values, the fewer requests match.
fn object(fields: &'static [(&'static str, &'static [&'static str])]) -> impl Strategy<Value = Json> {
    let field = select(fields).prop_flat_map(|(name, values)| {
        let few = subsequence(values, 1..=values.len());
        few.prop_map(move |values| (name.to_owned(), Json::from(values)))
    });
    prop::collection::vec(field, 1..=3).prop_map(|fields| Json::Object(fields.into_iter().collect()))
}

fn condition() -> impl Strategy<Value = Json> {
    let side = prop_oneof![3 => Just("notValues"), 1 => Just("values")];
    (select(&CONDITIONS[..]), side).prop_flat_map(|((key, values), side)| {
        let few = subsequence(values, 1..=values.len());
        few.prop_map(move |values| json!({"key": key, side: values}))
    })
}

/// Values that many rules share.
fn shared(
    fields: &'static [(&'static str, &'static [&'static str])],
) -> impl Strategy<Value = Option<(String, Json)>> {
    let field = select(fields).prop_flat_map(|(name, values)| {
        let few = subsequence(values, 1..=values.len().min(3));
        few.prop_map(move |values| (name.to_owned(), Json::from(values)))
    });
    prop::option::of(field)
}

/// An entry of `from` or `to`, by the name of its contents.
fn entry(
    name: &'static str,
    negative: &'static [(&'static str, &'static [&'static str])],
    positive: &'static [(&'static str, &'static [&'static str])],
) -> impl Strategy<Value = Json> {
    (object(negative), shared(positive)).prop_map(move |(mut fields, shared)| {
        if let Some((name, values)) = shared {
            fields[name] = values;
        }
        json!({ name: fields })
    })
}

fn rule() -> impl Strategy<Value = Json> {
    let source = || entry("source", &FIELDS, &SHARED_FIELDS);
    let operation = || entry("operation", &OPERATIONS, &SHARED_OPERATIONS);
    // Of two alternatives one may be ruled out and the other not.
    let from = prop_oneof![
        5 => prop::collection::vec(source(), 1),
        1 => prop::collection::vec(source(), 2),
    ];
    let to = prop_oneof![
        5 => prop::collection::vec(operation(), 1),
        1 => prop::collection::vec(operation(), 2),
    ];
    let when = prop::collection::vec(condition(), 1..=2);
    (from, to, when, 1..8_u8).prop_map(|(from, to, when, parts)| {
        let mut rule = json!({});
        for (bit, name, part) in [(1, "from", from), (2, "to", to), (4, "when", when)] {
            if parts & bit != 0 {
                rule[name] = Json::from(part);
            }
        }
        rule
    })
}

/// `count` rules, in several policies.
fn policies(action: &'static str, count: usize) -> impl Strategy<Value = Vec<Json>> {
    prop::collection::vec(rule(), count).prop_map(move |rules| {
        let policies = rules.chunks(20).enumerate().map(|(index, rules)| {
            json!({
                "apiVersion": "security.istio.io/v1", "kind": "AuthorizationPolicy",
                "metadata": {"name": format!("{action}-{index}"), "namespace": "shop"},
                "spec": {"action": action, "rules": rules}
            })
        });
        policies.collect()
    })
}

fn lookup<T: Clone + std::fmt::Debug>(found: impl Strategy<Value = T>) -> impl Strategy<Value = Lookup<T>> {
    (0..12_u8, found).prop_map(|(dice, found)| match dice {
        0 => Lookup::Unavailable,
        1 => Lookup::Missing,
        _ => Lookup::Found(found),
    })
}

fn traffic() -> impl Strategy<Value = Traffic> {
    let bytes = |text: &str| text.as_bytes().to_vec();
    let peer = prop::collection::vec(select(&NAMES[..]), 1..=2).prop_map(move |names| Peer {
        uri_sans: names.into_iter().map(bytes).collect(),
        ..Peer::default()
    });
    let headers = (
        select(&PATHS[..]),
        select(&METHODS[..]),
        select(&HOSTS[..]),
        prop::collection::vec(select(&TEAMS[..]), 0..=2),
    )
        .prop_map(move |(path, method, host, teams)| {
            let mut headers = vec![(":path", path), (":method", method), (":authority", host)];
            headers.extend(teams.into_iter().map(|team| ("x-team", team)));
            let headers = headers.into_iter();
            headers
                .map(|(name, text)| (name.to_owned(), bytes(text)))
                .collect::<Vec<_>>()
        });
    let jwt = select(
        &[
            r#"{"iss": "iss", "sub": "sub", "group": ["blue", "red"]}"#,
            r#"{"iss": "other", "sub": "sub", "group": []}"#,
            "{}",
        ][..],
    )
    .prop_map(value);
    (
        lookup(peer),
        lookup(headers),
        lookup(select(&IPS[..]).prop_map(|ip| ip.parse().unwrap())),
        lookup(select(&[80_u16, 443, 9][..])),
        lookup(select(&["shop.example", "web.example"][..]).prop_map(bytes)),
        lookup(jwt),
    )
        .prop_map(|(peer, headers, source_ip, destination_port, sni, jwt)| Traffic {
            peer,
            headers,
            source_ip,
            destination_port,
            sni,
            jwt,
            ..Traffic::default()
        })
}

#[test]
fn rules_that_many_share_are_ruled_out_as_the_reference_rules_them_out() {
    let (late, by_deny, by_none) = (Cell::new(0), Cell::new(0), Cell::new(0));
    let mut runner = TestRunner::new(Runner {
        cases: 24,
        failure_persistence: None,
        max_shrink_iters: 64,
        ..Runner::default()
    });
    // With as many rules that deny as are ruled out together, few are left that another could allow.
    let sizes = vec![(20, 0), (60, 3), (300, 0), (300, 6), (20, 40)];
    let case = select(sizes).prop_flat_map(|(allow, deny)| {
        (
            policies("ALLOW", allow),
            policies("DENY", deny),
            prop::collection::vec(traffic(), 60),
        )
    });
    runner
        .run(&case, |(allow, deny, requests)| {
            let documents: Vec<String> = allow.iter().chain(&deny).map(Json::to_string).collect();
            let config = config_with(&documents.join(","), r#""mesh": {"trustDomain": "td"}"#)
                .map_err(|problems| TestCaseError::fail(problems.to_string()))?;
            let program = Program::compile(&config).unwrap();
            for traffic in requests {
                let decision = program.judge(&traffic, &traffic).decision;
                let trace = reference::explain(&config, &traffic, &traffic);
                assert_unreported(&program, &traffic, &trace);
                let expected = trace.outcome;
                prop_assert_eq!(
                    (decision.verdict, decision.by, decision.reason),
                    (expected.verdict, expected.by.as_ref(), expected.reason),
                    "{:?}",
                    traffic
                );
                let count = match (decision.verdict, decision.by) {
                    // The first rules of all were ruled out, or tried in vain.
                    (Verdict::Allow, Some(by)) if by.rule > Some(2) || &*by.name != "ALLOW-0" => &late,
                    (Verdict::Allow, _) => continue,
                    (Verdict::Deny, Some(_)) => &by_deny,
                    (Verdict::Deny, None) => &by_none,
                };
                count.set(count.get() + 1);
            }
            Ok(())
        })
        .unwrap();
    let counts = [late.get(), by_deny.get(), by_none.get()];
    println!("allowed by a late rule, denied by a rule, denied by none: {counts:?}");
    assert!(counts.iter().all(|count| *count > 3), "{counts:?}");
}

/// A rule whose values all others share; all except the `only` one also require metadata that is absent.
fn crowd(count: usize, only: usize, action: &str, rule: impl Fn(usize) -> Json) -> Config {
    let rules = (0..count).map(|index| {
        let mut rule = rule(index);
        if index != only {
            rule["when"] = json!([{"key": "experimental.envoy.filters.f[k]", "values": ["x"]}]);
        }
        rule
    });
    let spec = json!({"action": action, "rules": rules.collect::<Vec<_>>()});
    config(&policy("crowd", &spec.to_string())).unwrap()
}

/// A request for the path that all of [`BEGINNINGS`] begin.
fn request() -> Traffic {
    let mut traffic = get(Some(NAMES[0]), PATHS[4]);
    traffic.destination_port = Lookup::Found(80);
    traffic
}

#[test]
fn a_rule_in_a_list_too_many_is_not_ruled_out() {
    let count = BEGINNINGS.len() * 17;
    // The beginning of the one that matches is shared by fewer than any other.
    let only = count - 1;
    let config = crowd(count, only, "ALLOW", |index| {
        let beginning = if index == 0 { 0 } else { index % BEGINNINGS.len() };
        let other = if index == 19 { 0 } else { beginning };
        json!({"to": [{"operation": {"paths": [BEGINNINGS[other]]}}]})
    });
    assert_eq!(
        decide(&config, &request()),
        format!("allow ns[shop]-policy[crowd]-rule[{only}]")
    );
}

#[test]
fn what_could_not_be_established_rules_out_no_rule_that_denies() {
    let config = crowd(40, 20, "DENY", |_| {
        json!({
            "from": [{"source": {"principals": ["td/ns/web*"]}}],
            "to": [{"operation": {"paths": ["/x*"]}}],
        })
    });
    let mut traffic = request();
    assert_eq!(decide(&config, &traffic), "allow");
    traffic.headers = Lookup::Unavailable;
    assert_eq!(decide(&config, &traffic), "deny ns[shop]-policy[crowd]-rule[20]");
}

#[test]
fn a_principal_of_a_token_is_found_by_either_half() {
    let config = crowd(40, 20, "ALLOW", |_| {
        json!({
            "from": [{"source": {"requestPrincipals": ["other/*", "*/sub"]}}],
            "to": [{"operation": {"methods": ["GET"]}}],
        })
    });
    for (jwt, verdict) in [
        (
            r#"{"iss": "iss", "sub": "sub"}"#,
            "allow ns[shop]-policy[crowd]-rule[20]",
        ),
        (
            r#"{"iss": "other", "sub": "x"}"#,
            "allow ns[shop]-policy[crowd]-rule[20]",
        ),
        (r#"{"iss": "iss", "sub": "x"}"#, "deny"),
    ] {
        let mut traffic = request();
        traffic.jwt = Lookup::Found(value(jwt));
        assert_eq!(decide(&config, &traffic), verdict, "{jwt}");
    }
}
