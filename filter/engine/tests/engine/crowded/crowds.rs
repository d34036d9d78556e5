//! Rules and requests that have much in common.

use peerwarden_engine::{Lookup, Peer, Traffic};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::json;

use crate::generate::Json;
use crate::value;

/// What requests have.
pub(super) const NAMES: [&str; 5] = [
    "spiffe://td/ns/web/sa/a",
    "spiffe://td/ns/web",
    "spiffe://other/ns/shop/sa/b",
    "https://td/ns/web/sa/a",
    "spiffe://td/ns/we/b/sa/a",
];

pub(super) const PATHS: [&str; 5] = ["/a/b?x", "/a", "/b/a", "/c/d/a", "/deeeeeeeeeeeeeeeeeeee"];

const METHODS: [&str; 3] = ["GET", "PUT", "POST"];

const HOSTS: [&str; 4] = ["Shop.example", "shop.example:80", "web.example", "x"];

const IPS: [&str; 4] = ["10.0.0.1", "10.0.1.1", "192.0.2.1", "2001:db8::1"];

const TEAMS: [&str; 3] = ["blue", "red", "bluered"];

/// What rules do not want: of each kind of value there is some that is found whole, and some that is not.
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

/// What they ask for, many alike.
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

/// The beginnings of one path, more than are known at a time.
pub(super) const BEGINNINGS: [&str; 20] = [
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

/// Some fields, each with some of its values: the more, the less they let through.
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

/// What many rules ask for alike.
fn shared(
    fields: &'static [(&'static str, &'static [&'static str])],
) -> impl Strategy<Value = Option<(String, Json)>> {
    let field = select(fields).prop_flat_map(|(name, values)| {
        let few = subsequence(values, 1..=values.len().min(3));
        few.prop_map(move |values| (name.to_owned(), Json::from(values)))
    });
    prop::option::of(field)
}

/// An entry of `from` or `to`, by the name of what is in it.
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

/// Of `count` rules, in policies of some.
pub(super) fn policies(action: &'static str, count: usize) -> impl Strategy<Value = Vec<Json>> {
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

pub(super) fn traffic() -> impl Strategy<Value = Traffic> {
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
