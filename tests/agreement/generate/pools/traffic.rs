//! Words for traffic.

pub(in crate::generate) const IPS: [&str; 11] = [
    "10.1.2.3",
    "10.1.2.250",
    "10.9.9.9",
    "192.0.2.7",
    "203.0.113.9",
    "203.0.113.10",
    "2001:db8::1",
    "2001:db8:0:1::5",
    "2001:db8:ffff::1",
    "2001:db9::1",
    "::ffff:10.1.2.3",
];
/// Addresses that connections are made from.
pub(in crate::generate) const LOOPBACK: [&str; 4] = ["127.0.0.1", "127.0.0.1", "127.0.0.2", "127.1.2.3"];
pub(in crate::generate) const ASKED_NAMES: [Option<&str>; 4] = [
    Some("orders.mesh.lab"),
    Some("server.mesh.lab"),
    Some("a-b.mesh.lab"),
    None,
];
pub(in crate::generate) const AUTHORITIES: [&str; 10] = [
    "example.com",
    "Example.COM",
    "example.com:8080",
    "EXAMPLE.com:443",
    "example.com.",
    "api.example.com",
    "[2001:db8::1]:80",
    "xexample.com",
    "example.org",
    "orders.shop.svc.cluster.local:8080",
];
pub(in crate::generate) const ASKED_METHODS: [&str; 7] =
    ["GET", "GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"];
pub(in crate::generate) const ASKED_PATHS: [&str; 30] = [
    "/a!$&\'()+,;:@=~/x",
    "/orders/a^b",
    "/orders/%zz",
    "/x/%7e/y/z",
    "/orders/7/a/b",
    "/",
    "/orders",
    "/orders/",
    "/orders/7",
    "/orders/7/items",
    "/orders/7/items/9",
    "/orders//items",
    "/orders/items",
    "//orders",
    "/admin",
    "/administrator",
    "/admin/users",
    "/Admin",
    "/orders?all=1",
    "/orders/7?all=/items",
    "/admin;v=1",
    "/orders/../admin",
    "/orders/%2e%2e/admin",
    "/orders%2fitems",
    "/orders/*",
    "/axb",
    "/a.b",
    "/orders/a|b",
    "/orders/caf\u{e9}/items",
    "/index.html",
];
pub(in crate::generate) const LINES: [&[u8]; 18] = [
    b"blue",
    b"blue",
    b"",
    b"blue,x",
    b"BLUE",
    b"xe",
    b"staff",
    b"bl*",
    b"a,b",
    b"b",
    b"bl\xffue",
    b"\xff",
    "bl\u{e9}e".as_bytes(),
    b"7",
    b"blue ",
    b"\tblue",
    b" staff\t",
    b" ",
];
pub(in crate::generate) const HEADER_NAMES: [&str; 4] = ["x-team", "X-Role", "user-agent", "x-empty"];
pub(in crate::generate) const WORDS: [&str; 10] = [
    "line\nbreak",
    "blue",
    "staff",
    "b",
    "BLUE",
    "",
    "7",
    "blue staff",
    "a,b",
    "xe",
];
pub(in crate::generate) const ISSUERS: [&str; 6] = [
    "https://issuer.example",
    "https://issuer.example",
    "https://issuer.example/",
    "issuer",
    "i*",
    "",
];
pub(in crate::generate) const SUBJECTS: [&str; 5] = ["alice", "alice", "albert", "a/b", ""];
