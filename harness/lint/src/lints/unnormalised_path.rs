//! PW005: a path that no request has after Envoy normalised it.
//!
//! With `normalize_path`, `merge_slashes` and `path_with_escaped_slashes_action` no such path reaches the module;
//! without them it is one spelling of many. Either way the value does not protect what it names.

use std::borrow::Cow;

use peerwarden_documents::diagnostic::Severity;

use crate::context::Policy;
use crate::lint::{Finder, Finding, Lint};
use crate::lints::impossible_value::is_placeholder;
use crate::values::unmatched;

pub(crate) const LINT: Lint = Lint {
    code: "PW005",
    name: "unnormalised-path",
    severity: Severity::Warning,
    summary: "a path that no request has after normalisation",
    page: include_str!("../../../../docs/lints/PW005.md"),
    find: Finder::Policy(find),
};

pub(crate) fn find(policy: &Policy<'_>) -> Vec<Finding> {
    unmatched(&policy.written, ["paths", "notPaths"], never)
}

/// Why no path can have the value, and what to write instead.
fn never(value: &str) -> Option<(&'static str, Cow<'static, str>)> {
    // PW039 reports these.
    if is_placeholder(value) {
        return None;
    }
    let (what, help) = match unnormalised(value) {
        Some((what, help)) => (what, help.into()),
        None => unescaped(value)?,
    };
    Some((what, help))
}

/// A character that arrives only in its escaped form, measured on Envoy 1.36 and 1.40: blanks are refused unless
/// escaped, and `normalize_path` escapes the others.
fn unescaped(value: &str) -> Option<(&'static str, Cow<'static, str>)> {
    // Braces are segments in a template.
    let is_template = value.contains("{*}") || value.contains("{**}");
    let is_escaped = |byte: u8| match byte {
        b'{' | b'}' => !is_template,
        byte => !byte.is_ascii_graphic() || b"\"<>^`|".contains(&byte),
    };
    let what = if value
        .bytes()
        .any(|byte| byte.is_ascii() && !byte.is_ascii_graphic())
    {
        "has a space or a control character, which no path has when it arrives"
    } else if !value.is_ascii() {
        "has a character outside ASCII, which no path has with Envoy's `normalize_path`"
    } else if value.bytes().any(is_escaped) {
        "has a character that Envoy's `normalize_path` escapes"
    } else {
        return None;
    };
    let arrives: String = value.bytes().fold(String::new(), |mut arrives, byte| {
        if is_escaped(byte) {
            arrives.push_str(&format!("%{byte:02X}"));
        } else {
            arrives.push(char::from(byte));
        }
        arrives
    });
    Some((
        what,
        format!("write it as it arrives, `{arrives}`, and set `normalize_path: true`").into(),
    ))
}

fn unnormalised(value: &str) -> Option<(&'static str, &'static str)> {
    let segments = || value.split('/');
    if value.contains(['?', '#']) {
        return Some((
            "has `?` or `#`, but a path ends before its query and its fragment",
            "remove the query; a condition on `request.headers[:path]` can match it",
        ));
    }
    if value.contains("//") && !value.contains("{**}") {
        return Some((
            "has consecutive slashes, which no path has with Envoy's `merge_slashes`",
            "write one slash, and set `merge_slashes: true`",
        ));
    }
    let dots = |segment: &str| matches!(segment.split(';').next(), Some("." | ".."));
    if segments().any(dots) {
        return Some((
            "has a segment of dots, which no path has with Envoy's `normalize_path`",
            "write the path without dot segments, and set `normalize_path: true`",
        ));
    }
    if value.contains('\\') || escapes(value).any(|byte| matches!(byte, b'/' | b'\\')) {
        return Some((
            "has a backslash or an escaped slash, which no path has with Envoy's `path_with_escaped_slashes_action`",
            "write `/`, and set `path_with_escaped_slashes_action: UNESCAPE_AND_REDIRECT`",
        ));
    }
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    if escapes(value).any(unreserved) {
        return Some((
            "has an unnecessary escape, which no path has with Envoy's `normalize_path`",
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

#[cfg(test)]
mod tests {
    use super::never;

    #[test]
    fn what_arrives_escaped_is_named_so() {
        for (value, arrives) in [
            ("/a b", "`/a%20b`"),
            ("/a\tb*", "`/a%09b*`"),
            ("*.b\u{fc}cher", "`*.b%C3%BCcher`"),
            ("/b\u{fc}cher/{*}", "`/b%C3%BCcher/{*}`"),
            ("/a|b\"", "`/a%7Cb%22`"),
            ("/{id}", "`/%7Bid%7D`"),
        ] {
            let (_, help) = never(value).unwrap_or_default();
            assert!(help.contains(arrives), "{value}: {help}");
        }
        for value in [
            "/a%20b",
            "/b%C3%BCcher",
            "/{*}/{**}",
            "/a!$&'()*+,;:@=[]b",
            "*",
            "/v1/items%3adelete",
        ] {
            assert_eq!(never(value), None, "{value}");
        }
    }
}
