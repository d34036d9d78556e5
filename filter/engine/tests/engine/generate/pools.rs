//! The values in generated documents and traffic.

pub(super) const NAMES: [&str; 12] = [
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

pub(super) const PRINCIPALS: [&str; 14] = [
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

pub(super) const NAMESPACES: [&str; 10] = [
    "web", "w*", "*b", "*", "**", "w*b", "shop", "we/b", "*e*", "[w]eb",
];

pub(super) const ACCOUNTS: [&str; 6] = [
    "frontend",
    "web/frontend",
    "shop/a.b",
    "a.b",
    "shop/axb",
    "we/frontend",
];

pub(super) const TRUST_DOMAINS: [&str; 8] = [
    "cluster.local",
    "td",
    "old",
    "*",
    "t*",
    "*td",
    "evil-td",
    "*.local",
];

pub(super) const BLOCKS: [&str; 9] = [
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

pub(super) const IPS: [&str; 7] = [
    "10.1.2.3",
    "10.1.2.2",
    "10.200.0.1",
    "192.0.2.1",
    "2001:db8::1",
    "2001:db8:8000::",
    "::ffff:10.1.2.3",
];
pub(super) const PORTS: [&str; 4] = ["80", "8080", "0", "65535"];

pub(super) const HOSTS: [&str; 8] = [
    "example.com",
    "EXAMPLE.com",
    "*.com",
    "exa*",
    "*",
    "example.com:*",
    "*:80",
    "*exa*",
];

pub(super) const AUTHORITIES: [&str; 9] = [
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
pub(super) const METHODS: [&str; 5] = ["GET", "get", "*", "P*", "*T"];

pub(super) const PATHS: [&str; 14] = [
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

pub(super) const REQUEST_PATHS: [&str; 20] = [
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
pub(super) const TEXTS: [&str; 7] = ["blue", "b*", "*e", "*", "*bl*", "x", "blue*"];
pub(super) const LINES: [&str; 9] = ["blue", "", "blue,x", "BLUE", "xe", "bl*", " blue", "blue\t", " "];
pub(super) const SERVER_NAMES: [&str; 8] = ["blue", "", "BLUE", "xe", "bl*", "blue.", "xe..", "."];

pub(super) const REQUEST_PRINCIPALS: [&str; 17] = [
    "*", "iss/sub", "iss/*", "i*", "*b", "*/sub", "*s/sub", "iss", "iss//sub", "iss/s*", "*/*", "i*/sub",
    "iss/*b", "*s/s*", "iss/**", "**", "iss/*b*",
];

/// Every key of the engine, with some names in brackets.
pub(super) fn keys() -> Vec<&'static str> {
    let bracketed = [
        "request.headers[X-Team]",
        "request.headers[host]",
        "request.headers[:path]",
        "request.auth.claims[a]",
        "request.auth.claims[a][b]",
        "request.auth.claims[scope]",
        "request.auth.claims[[x]]",
        "experimental.envoy.filters.f[k]",
    ];
    peerwarden_engine::plain_keys().chain(bracketed).collect()
}
pub(super) const METADATA: [&str; 8] = ["blue", "[blue]", "[*]", "*", "[b*]", "[[blue]]", "[]", "[*e]]"];

pub(super) const JWTS: [&str; 8] = [
    r#"{"iss": "iss", "sub": "sub", "aud": ["blue", 7], "azp": "blue"}"#,
    r#"{"iss": "iss/", "sub": "sub", "a": {"b": ["x", "blue"]}}"#,
    r#"{"iss": "iss", "sub": "", "scope": "x blue"}"#,
    r#"{"iss": "iss", "sub": "*b"}"#,
    r#"{"iss": "i*", "sub": "*"}"#,
    r#"{"iss": 7, "a": "blue", "[x]": "blue"}"#,
    r#"{"a": true, "aud": "bl"}"#,
    "{}",
];

pub(super) const VALUES: [&str; 6] = [
    r#""blue""#,
    r#"["blue", 7]"#,
    r#"["[blue]"]"#,
    "7",
    r#""""#,
    r#"{"blue": "blue"}"#,
];

/// Keys that a CUSTOM rule may use.
pub(super) const CUSTOM_KEYS: [&str; 6] = [
    "source.ip",
    "remote.ip",
    "destination.ip",
    "destination.port",
    "connection.sni",
    "request.headers[:path]",
];
