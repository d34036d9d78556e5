//! PW005: a path that no request has once Envoy has normalised it.
//!
//! With `normalize_path`, `merge_slashes` and `path_with_escaped_slashes_action` no such path reaches the module; without
//! them it is one spelling of many. In neither case does the value protect what it names.

use peerwarden_documents::diagnostic::Severity;

use crate::context::Policy;
use crate::lint::{Find, Finding, Lint};
use crate::values::values;

pub(crate) const LINT: Lint = Lint {
    code: "PW005",
    name: "unnormalised-path",
    severity: Severity::Warning,
    summary: "a path that no request has once it is normalised",
    page: include_str!("../../../docs/lints/PW005.md"),
    find: Find::Policy(find),
};

fn find(policy: &Policy<'_>) -> Vec<Finding> {
    let policy = &policy.written;
    let paths = ["paths", "notPaths"]
        .map(|name| values(policy, name))
        .into_iter()
        .flatten();
    let finding = |(path, value): (String, &str)| {
        let (what, help) = never(value)?;
        Some(Finding::new(path, format!("`{value}` {what}"), help))
    };
    paths.filter_map(finding).collect()
}

/// What of the value no path has, and what to write instead.
fn never(value: &str) -> Option<(&'static str, &'static str)> {
    let segments = || value.split('/');
    if value.contains(['?', '#']) {
        return Some((
            "holds `?` or `#`: a path ends before its query and its fragment",
            "leave it out; `request.headers[:path]` has the query",
        ));
    }
    if value.contains("//") && !value.contains("{**}") {
        return Some((
            "has slashes side by side: with Envoy's `merge_slashes` no path has",
            "write one slash, and set `merge_slashes: true`",
        ));
    }
    let dots = |segment: &str| matches!(segment.split(';').next(), Some("." | ".."));
    if segments().any(dots) {
        return Some((
            "has a segment of dots: with Envoy's `normalize_path` no path has",
            "write the path that it leads to, and set `normalize_path: true`",
        ));
    }
    if value.contains('\\') || escapes(value).any(|byte| matches!(byte, b'/' | b'\\')) {
        return Some((
            "has a backslash or an escaped slash: with Envoy's `path_with_escaped_slashes_action` no path has",
            "write `/`, and set `path_with_escaped_slashes_action: UNESCAPE_AND_REDIRECT`",
        ));
    }
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    if escapes(value).any(unreserved) {
        return Some((
            "escapes what needs no escape: with Envoy's `normalize_path` no path does",
            "write the character itself, and set `normalize_path: true`",
        ));
    }
    None
}

/// The bytes that are written as `%XX`.
fn escapes(value: &str) -> impl Iterator<Item = u8> {
    let after = value.split('%').skip(1);
    after.filter_map(|rest| u8::from_str_radix(rest.get(..2)?, 16).ok())
}
