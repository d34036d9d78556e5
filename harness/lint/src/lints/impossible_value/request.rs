//! Values that no request can have.

use peerwarden_engine::document::nearest;

use super::Impossibility;
use crate::typing::is_slip;

const PATH: &str = "write a path that begins with `/`, with `*` at its end or `{*}` for one segment";

/// The registry of RFC 9110, section 16.1.1.
const METHODS: [&str; 40] = [
    "ACL",
    "BASELINE-CONTROL",
    "BIND",
    "CHECKIN",
    "CHECKOUT",
    "CONNECT",
    "COPY",
    "DELETE",
    "GET",
    "HEAD",
    "LABEL",
    "LINK",
    "LOCK",
    "MERGE",
    "MKACTIVITY",
    "MKCALENDAR",
    "MKCOL",
    "MKREDIRECTREF",
    "MKWORKSPACE",
    "MOVE",
    "OPTIONS",
    "ORDERPATCH",
    "PATCH",
    "POST",
    "PRI",
    "PROPFIND",
    "PROPPATCH",
    "PUT",
    "QUERY",
    "REBIND",
    "REPORT",
    "SEARCH",
    "TRACE",
    "UNBIND",
    "UNCHECKOUT",
    "UNLINK",
    "UNLOCK",
    "UPDATE",
    "UPDATEREDIRECTREF",
    "VERSION-CONTROL",
];

/// Verbs of other systems that are often mistaken for methods.
const VERBS: [&str; 7] = ["ALL", "ANY", "READ", "WRITE", "CREATE", "LIST", "WATCH"];

/// Whether a value is a verb of Kubernetes that no other API has as a method.
pub(super) fn is_verb(value: &str) -> bool {
    value != "LIST" && VERBS.contains(&value.to_ascii_uppercase().as_str())
}

pub(super) fn path(value: &str) -> Option<Impossibility> {
    if value.contains("://") {
        return Some(Impossibility::new(
            "has a scheme and a host, which no path has",
            "write the path alone, and the host in `hosts`",
        ));
    }
    if is_regular_expression(value) {
        return Some(Impossibility::new(
            "looks like a regular expression, and is compared as text",
            PATH,
        ));
    }
    if value.contains(", /") || value.contains(",/") || value.contains(" /") {
        return Some(Impossibility::new(
            "is not one path",
            "write each path as a value of its own",
        ));
    }
    if !value.starts_with(['/', '*', '{']) {
        return Some(Impossibility::new(
            "does not begin with a slash, as every path does",
            PATH,
        ));
    }
    let parameter = value.split('/').find(|segment| {
        let name = segment.strip_prefix(':').unwrap_or_default();
        name.starts_with(|letter: char| letter.is_ascii_alphabetic())
    })?;
    Some(Impossibility::new(
        format!("has `{parameter}`, which is compared as text"),
        "write `{*}` for one segment of any name",
    ))
}

/// Characters that are rare in paths and common in regular expressions.
fn is_regular_expression(value: &str) -> bool {
    value.starts_with('^')
        || value.ends_with('$')
        || ["/.*", "/.+", "\\d", "\\w", "\\.", "\\/", "[^", ".*/", "(?", ")?"]
            .iter()
            .any(|mark| value.contains(mark))
        || has_repeated_set(value)
        || value.contains('(') && value.contains('|') && value.contains(')')
}

/// `[0-9]+` and the like.
fn has_repeated_set(value: &str) -> bool {
    value.split('[').skip(1).any(|rest| {
        let set = rest.split_once(']');
        set.is_some_and(|(set, after)| !set.is_empty() && after.starts_with(['+', '*', '{', '?']))
    })
}

pub(super) fn method(value: &str) -> Option<Impossibility> {
    const LIST: &str = "write each method as a value of its own, such as `methods: [GET, HEAD]`";
    if value.starts_with('/') {
        return Some(Impossibility::new(
            "is a path, not a method",
            "write it in `paths`; every request of gRPC is a `POST`",
        ));
    }
    let is_token = |letter: char| letter.is_ascii_alphanumeric() || "-_*!#$%&'+.^`~".contains(letter);
    if !value.chars().all(is_token) {
        return Some(Impossibility::new("is not one method", LIST));
    }
    let capital = value.to_ascii_uppercase();
    if value.contains('*') || METHODS.contains(&capital.as_str()) {
        return None;
    }
    if VERBS.contains(&capital.as_str()) {
        return Some(Impossibility::new(
            "is not an HTTP method",
            "write methods of HTTP, such as `GET`, or remove `methods` to match every method",
        ));
    }
    let slip = METHODS.into_iter().find(|known| is_slip(&capital, known));
    let near = nearest(&capital, METHODS).filter(|near| is_slip(&capital, near));
    let meant = near.or(slip)?;
    Some(Impossibility::new(
        "is not an HTTP method",
        format!("did you mean `{meant}`?"),
    ))
}
