//! Generated documents and traffic. Values come from small pools, so that rules and traffic meet often.

use peerwarden_engine::{ExternalAnswer, Lookup, Peer, Traffic};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;

use super::value;

pub(super) type Json = serde_json::Value;

const NAMES: [&str; 12] = [
    "spiffe://cluster.local/ns/web/sa/frontend",
    "spiffe://td/ns/web/sa/frontend",
    "spiffe://old/ns/shop/sa/a.b",
    "spiffe://td/ns/web/sa/frontend/x/y",
    "spiffe://td/ns/we/b/sa/frontend",
    "spiffe://td/ns/web/x/sa/frontend",
    "spiffe://td",
    "https://cluster.local/ns/web/sa/frontend",
    "web.example",
    "CN=frontend",
    "",
    "spiffe://evil-td/ns/web/sa/frontend",
];
const PRINCIPALS: [&str; 14] = [
    "*",
    "cluster.local/ns/web/sa/frontend",
    "td/ns/web/sa/frontend",
    "old/ns/shop/sa/a.b",
    "td/*",
    "*/sa/frontend",
    "*td/ns/web/sa/frontend",
    "spiffe://td/ns/web/sa/frontend",
    "td/ns/web/*",
    "t*/ns/web/sa/frontend",
    "*/ns/web/sa/frontend",
    "cluster.local/ns/web/sa/*",
    "old",
    "*frontend*",
];
const NAMESPACES: [&str; 10] = [
    "web", "w*", "*b", "*", "**", "w*b", "shop", "we/b", "*e*", "[w]eb",
];
const ACCOUNTS: [&str; 6] = [
    "frontend",
    "web/frontend",
    "shop/a.b",
    "a.b",
    "shop/axb",
    "we/frontend",
];
const TRUST_DOMAINS: [&str; 8] = [
    "cluster.local",
    "td",
    "old",
    "*",
    "t*",
    "*td",
    "evil-td",
    "*.local",
];
const BLOCKS: [&str; 9] = [
    "10.0.0.0/8",
    "10.1.2.3",
    "10.1.2.3/31",
    "0.0.0.0/0",
    "::/0",
    "2001:db8::/33",
    "::ffff:10.0.0.0/104",
    "::ffff:10.0.0.0/90",
    "10.1.2.200/25",
];
const IPS: [&str; 7] = [
    "10.1.2.3",
    "10.1.2.2",
    "10.200.0.1",
    "192.0.2.1",
    "2001:db8::1",
    "2001:db8:8000::",
    "::ffff:10.1.2.3",
];
const PORTS: [&str; 4] = ["80", "8080", "0", "65535"];
const HOSTS: [&str; 8] = [
    "example.com",
    "EXAMPLE.com",
    "*.com",
    "exa*",
    "*",
    "example.com:*",
    "*:80",
    "*exa*",
];
const AUTHORITIES: [&str; 9] = [
    "example.com",
    "Example.COM:80",
    "example.com.",
    "",
    "other.org",
    "exa*",
    "x@example.com",
    "example.com ",
    "[::1]:80",
];
const METHODS: [&str; 5] = ["GET", "get", "*", "P*", "*T"];
const PATHS: [&str; 14] = [
    "/a",
    "/a*",
    "*/a",
    "*",
    "/a/{*}",
    "/a/{*}/c",
    "/{*}/{**}",
    "/a/{**}",
    "/a/{**}/c",
    "/a/{**}/",
    "*a*",
    "/A",
    "/a?x=1",
    "/{*}",
];
const REQUEST_PATHS: [&str; 20] = [
    "/a",
    "/a?x=1",
    "/a#f",
    "/a/b",
    "/a/b/c",
    "/a/",
    "/a//c",
    "/a/c",
    "/A",
    "",
    "?",
    "/x/a",
    "/a/b;c=1/c",
    "/a/b\u{e9}",
    "/a/b%3ac",
    "/a/%2Fc?x",
    "/a/..;b/c",
    "/a/.",
    "/a/b%20%c3/c",
    "/a/b?x=%3f/..",
];
const TEXTS: [&str; 7] = ["blue", "b*", "*e", "*", "*bl*", "x", "blue*"];
const LINES: [&str; 9] = ["blue", "", "blue,x", "BLUE", "xe", "bl*", " blue", "blue\t", " "];
const SERVER_NAMES: [&str; 8] = ["blue", "", "BLUE", "xe", "bl*", "blue.", "xe..", "."];
const REQUEST_PRINCIPALS: [&str; 17] = [
    "*", "iss/sub", "iss/*", "i*", "*b", "*/sub", "*s/sub", "iss", "iss//sub", "iss/s*", "*/*", "i*/sub",
    "iss/*b", "*s/s*", "iss/**", "**", "iss/*b*",
];
const KEYS: [&str; 20] = [
    "request.headers[X-Team]",
    "request.headers[host]",
    "request.headers[:path]",
    "source.ip",
    "remote.ip",
    "source.namespace",
    "source.principal",
    "source.serviceAccount",
    "source.trustDomain",
    "request.auth.principal",
    "request.auth.audiences",
    "request.auth.presenter",
    "request.auth.claims[a]",
    "request.auth.claims[a][b]",
    "request.auth.claims[scope]",
    "request.auth.claims[[x]]",
    "destination.ip",
    "destination.port",
    "connection.sni",
    "experimental.envoy.filters.f[k]",
];
const METADATA: [&str; 8] = ["blue", "[blue]", "[*]", "*", "[b*]", "[[blue]]", "[]", "[*e]]"];
const JWTS: [&str; 8] = [
    r#"{"iss": "iss", "sub": "sub", "aud": ["blue", 7], "azp": "blue"}"#,
    r#"{"iss": "iss/", "sub": "sub", "a": {"b": ["x", "blue"]}}"#,
    r#"{"iss": "iss", "sub": "", "scope": "x blue"}"#,
    r#"{"iss": "iss", "sub": "*b"}"#,
    r#"{"iss": "i*", "sub": "*"}"#,
    r#"{"iss": 7, "a": "blue", "[x]": "blue"}"#,
    r#"{"a": true, "aud": "bl"}"#,
    "{}",
];
const VALUES: [&str; 6] = [
    r#""blue""#,
    r#"["blue", 7]"#,
    r#"["[blue]"]"#,
    "7",
    r#""""#,
    r#"{"blue": "blue"}"#,
];

/// One or two values of a pool.
fn some(pool: &'static [&'static str]) -> impl Strategy<Value = Json> {
    prop::collection::vec(select(pool), 1..=2).prop_map(Json::from)
}

/// An object with one or two of these fields, or their `not…` twins.
fn object(fields: Vec<(&'static str, &'static str, &'static [&'static str])>) -> impl Strategy<Value = Json> {
    let field = select(fields).prop_flat_map(|(name, not, pool)| (select(vec![name, not]), some(pool)));
    prop::collection::vec(field, 1..=2).prop_map(|fields| {
        let fields = fields.into_iter().map(|(name, values)| (name.to_owned(), values));
        Json::Object(fields.collect())
    })
}

fn source() -> impl Strategy<Value = Json> {
    let accounts = object(vec![
        ("serviceAccounts", "notServiceAccounts", &ACCOUNTS),
        ("ipBlocks", "notIpBlocks", &BLOCKS),
    ]);
    let others = object(vec![
        ("principals", "notPrincipals", &PRINCIPALS),
        ("namespaces", "notNamespaces", &NAMESPACES),
        ("trustDomains", "notTrustDomains", &TRUST_DOMAINS),
        ("ipBlocks", "notIpBlocks", &BLOCKS),
        ("remoteIpBlocks", "notRemoteIpBlocks", &BLOCKS),
        ("requestPrincipals", "notRequestPrincipals", &REQUEST_PRINCIPALS),
    ]);
    prop_oneof![1 => accounts, 3 => others].prop_map(|source| json!({ "source": source }))
}

fn operation() -> impl Strategy<Value = Json> {
    let fields = object(vec![
        ("hosts", "notHosts", &HOSTS),
        ("ports", "notPorts", &PORTS),
        ("methods", "notMethods", &METHODS),
        ("paths", "notPaths", &PATHS),
    ]);
    fields.prop_map(|operation| json!({ "operation": operation }))
}

/// Keys that a CUSTOM rule may use.
const CUSTOM_KEYS: [&str; 6] = [
    "source.ip",
    "remote.ip",
    "destination.ip",
    "destination.port",
    "connection.sni",
    "request.headers[:path]",
];

fn condition(keys: &'static [&'static str]) -> impl Strategy<Value = Json> {
    select(keys).prop_flat_map(|key| {
        let pool: &'static [&'static str] = match key {
            "source.ip" | "remote.ip" | "destination.ip" => &BLOCKS,
            "source.namespace" => &NAMESPACES,
            "source.principal" => &PRINCIPALS,
            "source.serviceAccount" => &ACCOUNTS,
            "source.trustDomain" => &TRUST_DOMAINS,
            "request.auth.principal" => &REQUEST_PRINCIPALS,
            "destination.port" => &PORTS,
            "request.headers[:path]" => &REQUEST_PATHS[..5],
            "request.headers[host]" => &HOSTS,
            "experimental.envoy.filters.f[k]" => &METADATA,
            _ => &TEXTS,
        };
        let side = select(vec!["values", "notValues"]);
        (side, some(pool)).prop_map(move |(side, values)| json!({ "key": key, side: values }))
    })
}

/// A rule of any fields.
pub(super) fn rule() -> impl Strategy<Value = Json> {
    let from = prop::option::of(prop::collection::vec(source(), 1..=2));
    let to = prop::option::of(prop::collection::vec(operation(), 1..=2));
    let when = prop::option::of(prop::collection::vec(condition(&KEYS), 1..=2));
    (from, to, when).prop_map(|(from, to, when)| json!({ "from": from, "to": to, "when": when }))
}

/// A rule that an external authorizer may be asked about: nothing of identities.
fn custom_rule() -> impl Strategy<Value = Json> {
    let to = prop::option::of(prop::collection::vec(operation(), 1..=2));
    let when = prop::option::of(prop::collection::vec(condition(&CUSTOM_KEYS), 1..=2));
    (to, when).prop_map(|(to, when)| json!({ "to": to, "when": when }))
}

/// External authorizers of each kind and state, beside one that nobody defines.
pub(super) const PROVIDERS: &str = r#"[
    {"name": "http", "envoyExtAuthzHttp": {"service": "a.b", "port": 80}},
    {"name": "grpc", "envoyExtAuthzGrpc": {"service": "a.b", "port": 80}},
    {"name": "open", "envoyExtAuthzGrpc": {"service": "a.b", "port": 80, "failOpen": true}},
    {"name": "broken", "envoyExtAuthzGrpc": {"service": "a.b"}}
]"#;

pub(super) fn custom_policy() -> impl Strategy<Value = Json> {
    let provider = select(vec!["http", "http", "grpc", "grpc", "open", "broken", "missing"]);
    let rules = prop::collection::vec(custom_rule(), 1..=2);
    (provider, select(vec!["c", "d"]), rules).prop_map(|(provider, name, rules)| {
        json!({
            "apiVersion": "security.istio.io/v1", "kind": "AuthorizationPolicy",
            "metadata": {"name": name, "namespace": "shop"},
            "spec": {"action": "CUSTOM", "provider": {"name": provider}, "rules": rules}
        })
    })
}

/// An ALLOW, DENY or AUDIT policy, now and then a dry run.
pub(super) fn policy() -> impl Strategy<Value = Json> {
    let rules = prop::collection::vec(rule(), 1..=3);
    let place = select(vec!["shop", "istio-system", "other"]);
    let selector = prop::option::weighted(0.2, select(vec!["orders", "cart", "gateway"]));
    let action = select(vec!["ALLOW", "ALLOW", "ALLOW", "DENY", "DENY", "AUDIT"]);
    (
        action,
        select(vec!["a", "b", "c"]),
        place,
        selector,
        rules,
        prop::bool::weighted(0.2),
    )
        .prop_map(|(action, name, namespace, app, rules, dry_run)| {
            let targets = match app {
                Some("gateway") => {
                    json!([{"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "orders"}])
                }
                _ => json!(null),
            };
            let selector = app
                .filter(|app| *app != "gateway")
                .map(|app| json!({"matchLabels": {"app": app}}));
            let annotations = if dry_run && action != "AUDIT" {
                json!({"istio.io/dry-run": "true"})
            } else {
                json!({})
            };
            json!({
                "apiVersion": "security.istio.io/v1", "kind": "AuthorizationPolicy",
                "metadata": {"name": name, "namespace": namespace, "annotations": annotations},
                "spec": {"action": action, "selector": selector, "rules": rules, "targetRefs": targets}
            })
        })
}

pub(super) fn peer_authentication() -> impl Strategy<Value = Json> {
    let mode = || select(vec!["STRICT", "PERMISSIVE", "DISABLE", "UNSET"]);
    let ports = prop::option::of(prop::collection::btree_map(
        select(vec!["80", "8080"]),
        mode(),
        1..=2,
    ));
    let created = prop::option::of(select(vec!["2024-01-01T00:00:00Z", "2024-02-01T00:00:00Z"]));
    (
        select(vec!["shop", "istio-system"]),
        select(vec!["a", "b"]),
        mode(),
        ports,
        created,
    )
        .prop_map(|(namespace, name, mode, ports, created)| {
            let labels = ports.is_some().then(|| json!({"matchLabels": {"app": "orders"}}));
            let ports = ports.map(|ports| {
                ports
                    .into_iter()
                    .map(|(port, mode)| (port.to_owned(), json!({ "mode": mode })))
                    .collect::<serde_json::Map<_, _>>()
            });
            json!({
                "apiVersion": "security.istio.io/v1", "kind": "PeerAuthentication",
                "metadata": {"name": name, "namespace": namespace, "creationTimestamp": created},
                "spec": {"selector": labels, "mtls": {"mode": mode}, "portLevelMtls": ports}
            })
        })
}

/// Found more often than missing, and unavailable now and then.
fn lookup<T: Clone + std::fmt::Debug>(value: impl Strategy<Value = T>) -> impl Strategy<Value = Lookup<T>> {
    (0..10_u8, value).prop_map(|(dice, value)| match dice {
        0 => Lookup::Unavailable,
        1..=2 => Lookup::Missing,
        _ => Lookup::Found(value),
    })
}

/// One request or connection.
pub(super) fn traffic() -> impl Strategy<Value = Traffic> {
    let names = || {
        prop::collection::vec(
            select(&NAMES[..]).prop_map(|name| name.as_bytes().to_vec()),
            0..=2,
        )
    };
    let peer = (
        names(),
        names(),
        select(&NAMES[..]).prop_map(|name| name.as_bytes().to_vec()),
    )
        .prop_map(|(uri_sans, dns_sans, subject)| Peer {
            uri_sans,
            dns_sans,
            subject,
        });
    let ip = || lookup(select(&IPS[..]).prop_map(|ip| ip.parse().unwrap()));
    let line = prop_oneof![
        select(&AUTHORITIES[..]).prop_map(|text| (":authority", text)),
        select(&REQUEST_PATHS[..]).prop_map(|text| (":path", text)),
        select(&["GET", "POST", "get", ""][..]).prop_map(|text| (":method", text)),
        select(&LINES[..]).prop_map(|text| ("x-team", text)),
    ];
    let headers = prop::collection::vec(
        line.prop_map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec())),
        1..8,
    );
    let metadata = select(&VALUES[..])
        .prop_map(|json| vec![("envoy.filters.f".to_owned(), "k".to_owned(), value(json))]);
    let answer = || {
        select(
            &[
                ExternalAnswer::Allow,
                ExternalAnswer::Deny,
                ExternalAnswer::Failed,
            ][..],
        )
    };
    let authorizers =
        ["http", "grpc", "open"].map(|name| answer().prop_map(move |said| (name.to_owned(), said)));
    let first = (
        lookup(peer),
        lookup(any::<bool>()),
        ip(),
        ip(),
        ip(),
        lookup(select(&[80_u16, 8080, 0][..])),
    );
    let second = (
        lookup(select(&SERVER_NAMES[..]).prop_map(|text| text.as_bytes().to_vec())),
        lookup(headers),
        lookup(select(&JWTS[..]).prop_map(value)),
        lookup(metadata),
        authorizers,
    );
    (first, second).prop_map(
        |(
            (peer, tls, source_ip, remote_ip, destination_ip, destination_port),
            (sni, headers, jwt, metadata, authorizers),
        )| {
            Traffic {
                peer,
                tls,
                source_ip,
                remote_ip,
                destination_ip,
                destination_port,
                sni,
                headers,
                jwt,
                metadata,
                authorizers: authorizers.to_vec(),
            }
        },
    )
}
