//! Suites.

use crate::readers;

pub(super) const DICTIONARY: &[&str] = &[
    "workload:",
    "namespace:",
    "mesh:",
    "policies: []",
    "resources:",
    "peers:",
    "requests:",
    "cases:",
    "matrix:",
    "expect:",
    "allow",
    "deny",
    "by:",
    "peer:",
    "request:",
    "GET /",
    "tcp 5432",
    "plaintext",
    "no-certificate",
    "spiffe://cluster.local/ns/a/sa/b",
    "\n",
    "\n  ",
    "- ",
    ": ",
    "&a",
    "*a",
    "<<: *a",
    "|",
    "'",
    "\"",
    "skip:",
    "snapshot: a.md",
    "traffic:",
];

pub(super) fn run(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        drop(readers::suite(text));
    }
}
