//! Looks up the attribute that a key names.

use super::attribute_value::AttributeValue;
use super::established::{established_host, established_method, established_path};
use crate::attribute::{AttributeSource, Lookup};
use crate::config::Config;
use crate::document::Value;

pub(super) fn look_up(key: &str, config: &Config, source: &dyn AttributeSource) -> Lookup<AttributeValue> {
    let lines = |name: &str| {
        let value = |line: &[u8]| {
            if name.starts_with(':') {
                line.to_vec()
            } else {
                without_blanks_around(line)
            }
        };
        source
            .header(name)
            .map(|lines| AttributeValue::Texts(lines.iter().map(value).collect()))
    };
    match key {
        "source.principal" | "source.namespace" | "source.serviceAccount" | "source.trustDomain" => {
            match source.peer() {
                // Somebody, but no SPIFFE authority says who.
                Lookup::Found(peer) if peer.uri_sans.iter().all(Vec::is_empty) => Lookup::Unavailable,
                Lookup::Found(peer) => Lookup::Found(AttributeValue::Peer(peer.uri_sans.clone())),
                Lookup::Missing => Lookup::Missing,
                Lookup::Unavailable => Lookup::Unavailable,
            }
        }
        "source.ip" => source.source_ip().map(AttributeValue::Ip),
        "remote.ip" => source.remote_ip().map(AttributeValue::Ip),
        "destination.ip" => source.destination_ip().map(AttributeValue::Ip),
        "destination.port" => source.destination_port().map(AttributeValue::Port),
        "connection.sni" => match source.sni() {
            // RFC 6066, section 3: "without a trailing dot".
            Lookup::Found(sni) if sni.last() == Some(&b'.') => Lookup::Unavailable,
            sni @ (Lookup::Found(_) | Lookup::Missing | Lookup::Unavailable) => {
                sni.map(|sni| AttributeValue::Texts(vec![sni.into_owned()]))
            }
        },
        "hosts" => established_host(lines(":authority")),
        "methods" => established_method(lines(":method")),
        "paths" => established_path(lines(":path"), config),
        "request.auth.principal" => from_jwt(source, |jwt| {
            let text = |name| jwt.get(name).and_then(Value::as_str).map(str::to_owned);
            Some(AttributeValue::Principal(text("iss")?, text("sub")?))
        }),
        "request.auth.audiences" => from_jwt(source, |jwt| claim(jwt, &["aud"])),
        "request.auth.presenter" => from_jwt(source, |jwt| claim(jwt, &["azp"])),
        _ => {
            if let Some(name) = bracketed(key, "request.headers") {
                let name = name.to_lowercase();
                match name.as_str() {
                    "host" | ":authority" => established_host(lines(":authority")),
                    ":method" => established_method(lines(":method")),
                    ":path" => established_path(lines(":path"), config),
                    name => lines(name),
                }
            } else if let Some(names) = bracketed(key, "request.auth.claims") {
                let split: Vec<&str> = names.split("][").collect();
                let nested = split.iter().all(|name| !name.contains(['[', ']']));
                let path = if nested { split } else { vec![names] };
                from_jwt(source, |jwt| claim(jwt, &path))
            } else if let Some((filter, rest)) = key
                .strip_prefix("experimental.")
                .and_then(|rest| Some((rest.split('[').next()?, rest)))
            {
                let key = rest.strip_prefix(filter).and_then(|rest| bracketed(rest, ""));
                source
                    .metadata(filter, key.unwrap_or_default())
                    .map(|value| AttributeValue::Metadata(value.into_owned()))
            } else {
                // Validation refuses unknown keys; one that came here all the same must not open anything.
                Lookup::Unavailable
            }
        }
    }
}

/// RFC 9110, section 5.5: spaces and tabs before and behind a header's value are no part of it.
fn without_blanks_around(line: &[u8]) -> Vec<u8> {
    let is_blank = |byte: &&u8| matches!(**byte, b' ' | b'\t');
    let mut value: Vec<u8> = line.iter().skip_while(is_blank).copied().collect();
    let blanks = value.iter().rev().take_while(is_blank).count();
    value.truncate(value.len().saturating_sub(blanks));
    value
}

/// The text between the first `[` after `prefix` and the last `]`.
fn bracketed<'k>(key: &'k str, prefix: &str) -> Option<&'k str> {
    key.strip_prefix(prefix)?.strip_prefix('[')?.strip_suffix(']')
}

fn from_jwt(
    source: &dyn AttributeSource,
    read: impl Fn(&Value) -> Option<AttributeValue>,
) -> Lookup<AttributeValue> {
    match source.jwt() {
        Lookup::Found(jwt) => Lookup::from_option(read(&jwt)),
        Lookup::Missing => Lookup::Missing,
        Lookup::Unavailable => Lookup::Unavailable,
    }
}

/// A string, or the strings in a list; `scope` and `permission` are split at spaces. Anything else matches nothing.
fn claim(jwt: &Value, path: &[&str]) -> Option<AttributeValue> {
    let value = path.iter().try_fold(jwt, |value, name| value.get(name))?;
    let texts: Vec<Vec<u8>> = match value {
        Value::String(text) if path == ["scope"] || path == ["permission"] => {
            text.split(' ').map(|word| word.as_bytes().to_vec()).collect()
        }
        Value::String(text) => vec![text.as_bytes().to_vec()],
        Value::List(items) => items
            .iter()
            .filter_map(Value::as_str)
            .map(|text| text.as_bytes().to_vec())
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => return None,
    };
    Some(AttributeValue::Texts(texts))
}
