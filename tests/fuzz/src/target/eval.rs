//! A line of `peerwarden eval`.

use crate::readers;

pub(super) const DICTIONARY: &[&str] = &[
    "\"id\":",
    "\"mesh\":",
    "\"workload\":",
    "\"resources\":",
    "\"traffic\":",
    "\"protocol\":",
    "\"http\":",
    "\"tls\":",
    "\"peer\":",
    "\"uriSans\":",
    "\"headers\":",
    "\"jwt\":",
    "\"source\":",
    "\"ip\":",
    "\"destination\":",
    "\"port\":",
    "{",
    "}",
    "[",
    "]",
    "null",
];

pub(super) fn run(bytes: &[u8]) {
    drop(readers::eval_line(bytes));
}
