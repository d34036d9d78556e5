//! Words for policies and for traffic.

mod traffic;

use peerwarden_engine::plain_keys;

pub(super) use traffic::*;

/// Trust domains with their aliases.
pub(super) const BUNDLES: [&[&str]; 4] = [
    &["cluster.local"],
    &["td", "old-td"],
    &["td"],
    &["cluster.local", "td", "old-td"],
];

pub(super) const PRINCIPALS: [&str; 19] = [
    "*",
    "cluster.local/ns/web/sa/frontend",
    "cluster.local/ns/web/sa/frontend",
    "cluster.local/ns/shop/sa/a.b",
    "td/ns/web/sa/frontend",
    "old-td/ns/web/sa/frontend",
    "cluster.local/ns/shop/*",
    "cluster.local/*",
    "td/*",
    "*/sa/frontend",
    "*/ns/web/sa/frontend",
    "*td/ns/web/sa/frontend",
    "t*/ns/web/sa/frontend",
    "spiffe://td/ns/web/sa/frontend",
    "partner.example/ns/web/sa/frontend",
    "*d",
    "*.b",
    "cluster.local/ns/web/sa/Frontend",
    "*frontend*",
];
pub(super) const NAMESPACES: [&str; 13] = [
    "web", "shop", "w*", "*b", "*", "**", "w*b", "we.", "web/x/y", "web-1", "s+hop", "[w]eb", "*e*",
];
pub(super) const ACCOUNTS: [&str; 9] = [
    "frontend",
    "web/frontend",
    "shop/a.b",
    "a.b",
    "shop/axb",
    "shop/frontend",
    "web-1/frontend-2",
    "we/frontend",
    "web/front.nd",
];
pub(super) const TRUST_DOMAINS: [&str; 10] = [
    "cluster.local",
    "td",
    "old-td",
    "*",
    "t*",
    "*td",
    "evil-td",
    "*.local",
    "partner.example",
    "cluster*",
];
pub(super) const BLOCKS: [&str; 18] = [
    "10.0.0.0/8",
    "10.1.2.3",
    "10.1.2.0/24",
    "10.1.2.200/25",
    "192.0.2.0/24",
    "203.0.113.9",
    "203.0.113.8/31",
    "0.0.0.0/0",
    "::/0",
    "2001:db8::/32",
    "2001:db8::1",
    "2001:db8:0:1::/64",
    "2001:0DB8:0:0::1/127",
    "127.0.0.0/8",
    "127.0.0.2",
    "127.1.0.0/16",
    "127.0.0.1/32",
    "::ffff:10.0.0.0/104",
];
pub(super) const PORTS: [&str; 7] = ["80", "8080", "8080", "443", "0", "65535", "15008"];
pub(super) const SERVER_NAMES: [&str; 7] = [
    "orders.mesh.lab",
    "server.mesh.lab",
    "*.mesh.lab",
    "orders*",
    "*",
    "*.other.lab",
    "orders.mesh.la*",
];
pub(super) const HOSTS: [&str; 14] = [
    "example.com",
    "EXAMPLE.com",
    "*.com",
    "exa*",
    "*",
    "example.com:*",
    "*:8080",
    "example.com:8080",
    "api.example.com",
    "*.example.com",
    "*.EXAMPLE.com",
    "[2001:db8::1]*",
    "example.com.",
    "ex?mple.com",
];
pub(super) const METHODS: [&str; 7] = ["GET", "POST", "*", "P*", "*T", "DELETE", "get"];
pub(super) const PATHS: [&str; 32] = [
    "/{*}/",
    "/orders/{*}/",
    "/a!$&\'()+,;:@=~/{*}",
    "/{*}/%7e/{**}",
    "/orders/{**}/a/b",
    "/orders",
    "/orders*",
    "/orders/*",
    "*/items",
    "*",
    "*.html",
    "/admin",
    "/admin*",
    "/admin/*",
    "/orders/{*}",
    "/orders/{*}/items",
    "/{*}/{**}",
    "/orders/{**}",
    "/orders/{**}/items",
    "/orders/{**}/",
    "/{*}",
    "/{**}",
    "/{*}/items/{*}",
    "*a*",
    "/Orders",
    "/orders?all=1",
    "/orders/%2e",
    "/a.b",
    "/a+b/{*}",
    "/orders;v=1",
    "//orders",
    "/orders/{*}.",
];
pub(super) const TEXTS: [&str; 12] = [
    "blue", "b*", "*e", "*", "*lu*", "staff", "sta*", "blue*", "BLUE", "a,b", "7", "bl.e",
];
pub(super) const REQUEST_PRINCIPALS: [&str; 15] = [
    "*",
    "https://issuer.example/alice",
    "https://issuer.example/*",
    "https://issuer.example*",
    "*alice",
    "*/alice",
    "*issuer.example/alice",
    "https://issuer.example/al*",
    "https://other.example/alice",
    "issuer",
    "https://issuer.example//alice",
    "issuer/alice",
    "*",
    "i*/alice",
    "issuer/a/b",
];
pub(super) const METADATA: [&str; 12] = [
    "[[blue]]", "[blue", "[]", "blue", "[blue]", "[*]", "*", "[b*]", "b*", "[*e]", "*e", "[staff]",
];

/// Every key of the engine, with some names in brackets.
pub(super) fn http_keys() -> Vec<&'static str> {
    let bracketed = [
        "request.headers[X-Team]",
        "request.headers[x-team]",
        "request.headers[x-role]",
        "request.headers[x-empty]",
        "request.headers[User-Agent]",
        "request.headers[host]",
        "request.headers[:authority]",
        "request.headers[:path]",
        "request.headers[:method]",
        "request.auth.claims[groups]",
        "request.auth.claims[realm][roles]",
        "request.auth.claims[scope]",
        "request.auth.claims[[x]]",
        "experimental.envoy.filters.http.tier[level]",
    ];
    plain_keys().chain(bracketed).collect()
}

/// The keys that are meaningful on TCP.
pub(super) fn tcp_keys() -> Vec<&'static str> {
    plain_keys()
        .filter(|key| !key.starts_with("request."))
        .chain(["experimental.envoy.filters.network.tier[level]"])
        .collect()
}
