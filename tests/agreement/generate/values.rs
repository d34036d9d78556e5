//! Values of a field, and texts that a value matches or almost matches.

use fastrand::Rng;
use serde_json::Value;

use super::{percent, pick, pools};

pub(super) type Pool = &'static [&'static str];

/// One to three values of a pool.
pub(super) fn some(rng: &mut Rng, pool: Pool) -> Value {
    let count = [1, 1, 2, 3][rng.usize(0..4)];
    let mut values: Vec<&str> = (0..count).map(|_| pick(rng, pool)).collect();
    values.dedup();
    values.into()
}

/// The pool of values for a condition's key.
pub(super) fn pool(key: &str) -> Pool {
    match key {
        "source.ip" | "remote.ip" | "destination.ip" => &pools::BLOCKS,
        "source.namespace" => &pools::NAMESPACES,
        "source.principal" => &pools::PRINCIPALS,
        "source.serviceAccount" => &pools::ACCOUNTS,
        "source.trustDomain" => &pools::TRUST_DOMAINS,
        "request.auth.principal" => &pools::REQUEST_PRINCIPALS,
        "destination.port" => &pools::PORTS,
        "connection.sni" => &pools::SERVER_NAMES,
        "request.headers[:path]" => &pools::PATHS[..9],
        "request.headers[:method]" => &pools::METHODS,
        "request.headers[host]" | "request.headers[:authority]" => &pools::HOSTS,
        key if key.starts_with("experimental.") => &pools::METADATA,
        _ => &pools::TEXTS,
    }
}

/// A text that a value of one of the four forms matches.
pub(super) fn matching(rng: &mut Rng, value: &str, filler: &str) -> String {
    let filler = pick(rng, &["", filler]);
    if value == "*" {
        if filler.is_empty() {
            "x".to_owned()
        } else {
            filler.to_owned()
        }
    } else if let Some(end) = value.strip_prefix('*') {
        format!("{filler}{end}")
    } else if let Some(start) = value.strip_suffix('*') {
        format!("{start}{filler}")
    } else {
        value.to_owned()
    }
}

/// A path that a value of `paths` matches.
pub(super) fn matching_path(rng: &mut Rng, value: &str) -> String {
    let path = if value.contains('{') {
        let segment = pick(rng, &["7", "a.b", "*", "a%20b", "x;v=1", ""]);
        let deep = pick(rng, &["", "a", "a/b", "a//b", "a/"]);
        value.replace("{*}", segment).replace("{**}", deep)
    } else {
        matching(rng, value, "/x")
    };
    if path.starts_with('/') {
        path
    } else {
        format!("/{path}")
    }
}

/// Sometimes almost the same text: what an attacker would try.
pub(super) fn nearly(rng: &mut Rng, mut text: String) -> String {
    if !percent(rng, 20) {
        return text;
    }
    match rng.u32(0..6) {
        0 => text.push('x'),
        1 => {
            text.pop();
        }
        2 => text = text.to_ascii_uppercase(),
        3 => text.push('/'),
        4 => text.push_str("?x=1"),
        _ => text.insert(text.len().min(1), '/'),
    }
    text
}
