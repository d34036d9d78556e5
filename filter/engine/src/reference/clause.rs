//! One field: what it asks about, and whether a value matches what is there.

use std::net::IpAddr;

use super::found::Found;
use super::glob::{self, Piece, literal, string_match};
use super::path::read_otherwise;
use super::view::View;
use super::{ClauseResult, ClauseTrace};
use crate::attribute::{AttributeSource, Lookup};
use crate::config::{Config, Paths, Protocol};
use crate::document::Value;
use crate::resource::AuthorizationPolicy;

/// A field or a condition, its positive or its negative half.
pub(super) struct Clause<'a> {
    /// The positive name, or the condition's key.
    pub(super) field: &'a str,
    /// The name it is written with, `not…` for the negative half.
    pub(super) name: &'a str,
    pub(super) values: &'a [String],
    pub(super) negative: bool,
}

pub(super) fn trace<'v>(
    clause: &Clause<'v>,
    part: &str,
    document: &AuthorizationPolicy,
    view: &View<'v>,
) -> ClauseTrace {
    let key = key_of(clause.field);
    let seen = if view.config.protocol == Protocol::Tcp && is_http_only(key) {
        None
    } else {
        Some(view.see(key, look_up))
    };
    let found = seen.as_ref().map(|seen| &seen.found);
    let matched: Vec<bool> = match found {
        Some(Lookup::Found(found)) => {
            let values = clause.values.iter();
            values
                .map(|value| value_matches(key, value, found, document, view.config))
                .collect()
        }
        Some(Lookup::Missing | Lookup::Unavailable) | None => vec![false; clause.values.len()],
    };
    let result = match found {
        // A half without values asks nothing.
        _ if clause.values.is_empty() => ClauseResult::Held,
        None => ClauseResult::HttpOnly,
        Some(Lookup::Unavailable) => ClauseResult::Unavailable,
        // A missing attribute matches nothing.
        Some(Lookup::Missing) if clause.negative => ClauseResult::Held,
        Some(Lookup::Missing) => ClauseResult::Failed,
        Some(Lookup::Found(_)) if matched.contains(&true) != clause.negative => ClauseResult::Held,
        Some(Lookup::Found(_)) => ClauseResult::Failed,
    };
    let field = if matches!(clause.name, "values" | "notValues") {
        clause.field
    } else {
        clause.name
    };
    ClauseTrace {
        path: view.text(|| format!("{part}.{}", clause.name)),
        field: view.text(|| field.to_owned()),
        negative: clause.negative,
        values: if view.in_full {
            clause.values.to_vec()
        } else {
            Vec::new()
        },
        matched,
        result,
        found: seen.and_then(|seen| seen.shown.clone()),
    }
}

/// The condition's key that a field stands for.
fn key_of(field: &str) -> &str {
    match field {
        "principals" => "source.principal",
        "namespaces" => "source.namespace",
        "serviceAccounts" => "source.serviceAccount",
        "trustDomains" => "source.trustDomain",
        "requestPrincipals" => "request.auth.principal",
        "ipBlocks" => "source.ip",
        "remoteIpBlocks" => "remote.ip",
        "ports" => "destination.port",
        key => key,
    }
}

fn is_http_only(key: &str) -> bool {
    matches!(key, "hosts" | "methods" | "paths") || key.starts_with("request.")
}

fn look_up(key: &str, config: &Config, source: &dyn AttributeSource) -> Lookup<Found> {
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
            .map(|lines| Found::Texts(lines.iter().map(value).collect()))
    };
    match key {
        "source.principal" | "source.namespace" | "source.serviceAccount" | "source.trustDomain" => {
            match source.peer() {
                // Somebody, but no SPIFFE authority says who.
                Lookup::Found(peer) if peer.uri_sans.iter().all(Vec::is_empty) => Lookup::Unavailable,
                Lookup::Found(peer) => Lookup::Found(Found::Peer(peer.uri_sans.clone())),
                Lookup::Missing => Lookup::Missing,
                Lookup::Unavailable => Lookup::Unavailable,
            }
        }
        "source.ip" => source.source_ip().map(Found::Ip),
        "remote.ip" => source.remote_ip().map(Found::Ip),
        "destination.ip" => source.destination_ip().map(Found::Ip),
        "destination.port" => source.destination_port().map(Found::Port),
        "connection.sni" => match source.sni() {
            // RFC 6066, section 3: "without a trailing dot".
            Lookup::Found(sni) if sni.last() == Some(&b'.') => Lookup::Unavailable,
            sni @ (Lookup::Found(_) | Lookup::Missing | Lookup::Unavailable) => {
                sni.map(|sni| Found::Texts(vec![sni.into_owned()]))
            }
        },
        "hosts" => established_host(lines(":authority")),
        "methods" => established_method(lines(":method")),
        "paths" => established_path(lines(":path"), config),
        "request.auth.principal" => from_jwt(source, |jwt| {
            let text = |name| jwt.get(name).and_then(Value::as_str).map(str::to_owned);
            Some(Found::Principal(text("iss")?, text("sub")?))
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
                    .map(|value| Found::Metadata(value.into_owned()))
            } else {
                // Validation refuses unknown keys; one that came here all the same must not open anything.
                Lookup::Unavailable
            }
        }
    }
}

/// RFC 9110, section 9.1: standardised methods are in upper case, and the case counts; an application may not know.
fn established_method(method: Lookup<Found>) -> Lookup<Found> {
    match method {
        Lookup::Found(Found::Texts(methods))
            if methods
                .iter()
                .any(|method| *method != method.to_ascii_uppercase()) =>
        {
            Lookup::Unavailable
        }
        method @ (Lookup::Found(_) | Lookup::Missing | Lookup::Unavailable) => method,
    }
}

/// An authority of which readers could read another host is not established.
fn established_host(authority: Lookup<Found>) -> Lookup<Found> {
    match authority {
        Lookup::Found(Found::Texts(hosts)) if !hosts.iter().all(|host| names_one_host(host)) => {
            Lookup::Unavailable
        }
        authority @ (Lookup::Found(_) | Lookup::Missing | Lookup::Unavailable) => authority,
    }
}

/// With `paths: strict`, a path that an application may read as another one is not established.
fn established_path(path: Lookup<Found>, config: &Config) -> Lookup<Found> {
    match path {
        Lookup::Found(Found::Texts(paths))
            if config.paths == Paths::Strict && paths.iter().any(|path| read_otherwise(path).is_some()) =>
        {
            Lookup::Unavailable
        }
        path @ (Lookup::Found(_) | Lookup::Missing | Lookup::Unavailable) => path,
    }
}

/// `NAME`, `NAME:PORT`, `[ADDRESS]`, `[ADDRESS%ZONE]`, `[…]:PORT`.
fn names_one_host(host: &[u8]) -> bool {
    fn in_name(byte: u8) -> bool {
        byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_' || byte == b'.'
    }
    fn in_address(byte: u8) -> bool {
        byte.is_ascii_hexdigit() || byte == b':' || byte == b'.'
    }
    fn in_port(byte: u8) -> bool {
        byte.is_ascii_digit()
    }
    let name = || vec![Piece::Of(in_name, 1)];
    let address = || vec![literal("["), Piece::Of(in_address, 1), literal("]")];
    let zoned = || {
        let [open, address, close] = [literal("["), Piece::Of(in_address, 1), literal("]")];
        vec![open, address, literal("%"), Piece::Of(in_name, 1), close]
    };
    let port = vec![literal(":"), Piece::Of(in_port, 1)];
    let digits = host.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    [name(), address(), zoned()].into_iter().any(|host_alone| {
        glob::matches(&host_alone, host)
            || (digits <= 5 && glob::matches(&[host_alone, port.clone()].concat(), host))
    })
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

fn from_jwt(source: &dyn AttributeSource, read: impl Fn(&Value) -> Option<Found>) -> Lookup<Found> {
    match source.jwt() {
        Lookup::Found(jwt) => Lookup::from_option(read(&jwt)),
        Lookup::Missing => Lookup::Missing,
        Lookup::Unavailable => Lookup::Unavailable,
    }
}

/// A string, or the strings in a list; `scope` and `permission` are split at spaces. Anything else matches nothing.
fn claim(jwt: &Value, path: &[&str]) -> Option<Found> {
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
    Some(Found::Texts(texts))
}

fn value_matches(
    key: &str,
    value: &str,
    found: &Found,
    document: &AuthorizationPolicy,
    config: &Config,
) -> bool {
    match found {
        Found::Peer(names) => names.iter().any(|name| match key {
            "source.principal" => principal(value, name, config),
            "source.namespace" => namespace(value, name),
            "source.serviceAccount" => service_account(value, name, &document.metadata.namespace),
            _ => trust_domain(value, name, config),
        }),
        Found::Ip(ip) => in_block(value, *ip),
        Found::Port(port) => value.parse() == Ok(*port),
        Found::Texts(texts) => texts.iter().any(|text| text_matches(key, value, text)),
        Found::Principal(issuer, subject) => request_principal(value, issuer.as_bytes(), subject.as_bytes()),
        Found::Metadata(metadata) => metadata_matches(value, metadata),
    }
}

fn text_matches(key: &str, value: &str, text: &[u8]) -> bool {
    match key {
        "hosts" => string_match(&value.to_ascii_lowercase(), &text.to_ascii_lowercase(), true),
        "methods" => string_match(value, text, true),
        "paths" => {
            let end = text
                .iter()
                .position(|byte| *byte == b'?' || *byte == b'#')
                .unwrap_or(text.len());
            let path = text.get(..end).unwrap_or(text);
            if value.contains("{*}") || value.contains("{**}") {
                glob::template(value, path)
            } else {
                string_match(value, path, false)
            }
        }
        _ => string_match(value, text, key.starts_with("request.headers[")),
    }
}

fn principal(value: &str, name: &[u8], config: &Config) -> bool {
    aliases(value, config).iter().any(|value| {
        if value == "*" {
            !name.is_empty()
        } else if let Some(end) = value.strip_prefix('*') {
            glob::matches(&[literal("spiffe://"), Piece::Any(0), literal(end)], name)
        } else {
            string_match(&format!("spiffe://{value}"), name, false)
        }
    })
}

/// A principal of five parts whose trust domain is ours is meant under each of our names.
fn aliases(value: &str, config: &Config) -> Vec<String> {
    let parts: Vec<&str> = value.split('/').collect();
    let [written, rest @ ..] = parts.as_slice() else {
        return vec![value.to_owned()];
    };
    let mut ours = vec![&config.mesh.trust_domain];
    ours.extend(&config.mesh.trust_domain_aliases);
    let covers = |pattern: &str, text: &str| {
        (pattern.starts_with('*') || pattern.ends_with('*')) && string_match(pattern, text.as_bytes(), true)
    };
    let is_ours = |name: &&&String| {
        *written == name.as_str() || star_match(written, name, covers) || star_match(name, written, covers)
    };
    if rest.len() != 4
        || *written == "*"
        || (*written != "cluster.local" && ours.iter().find(is_ours).is_none())
    {
        return vec![value.to_owned()];
    }
    ours.iter()
        .map(|name| {
            let kept = written.starts_with('*') && string_match(written, name.as_bytes(), true);
            if kept {
                value.to_owned()
            } else {
                format!("{name}/{}", rest.join("/"))
            }
        })
        .collect()
}

fn star_match(pattern: &str, text: &str, covers: impl Fn(&str, &str) -> bool) -> bool {
    covers(pattern, text)
}

/// Full match of `.*/ns/NAMESPACE/.*`, each `*` standing for any text.
fn namespace(value: &str, name: &[u8]) -> bool {
    let mut pieces = vec![Piece::Any(0), literal("/ns/")];
    for (index, part) in value.split('*').enumerate() {
        if index > 0 {
            pieces.push(Piece::Any(0));
        }
        pieces.push(literal(part));
    }
    pieces.extend([literal("/"), Piece::Any(0)]);
    glob::matches(&pieces, name)
}

/// Full match of `spiffe://.+/ns/NAMESPACE/(.+/)?sa/NAME(/.+)?`.
fn service_account(value: &str, name: &[u8], own_namespace: &str) -> bool {
    let (namespace, account) = match value.split_once('/') {
        Some(halves) => halves,
        None => (own_namespace, value),
    };
    let start = [
        literal("spiffe://"),
        Piece::Any(1),
        literal(&format!("/ns/{namespace}/")),
    ];
    let before = [vec![], vec![Piece::Any(1), literal("/")]];
    let after = [vec![], vec![literal("/"), Piece::Any(1)]];
    before.iter().any(|before| {
        after.iter().any(|after| {
            let account = [literal(&format!("sa/{account}"))];
            glob::matches(&[&start[..], before, &account, after].concat(), name)
        })
    })
}

fn trust_domain(value: &str, name: &[u8], config: &Config) -> bool {
    let ours: Vec<&String> = std::iter::once(&config.mesh.trust_domain)
        .chain(&config.mesh.trust_domain_aliases)
        .collect();
    let meant = if ours.iter().any(|name| *name == value) {
        ours.iter().map(|name| name.as_str()).collect()
    } else {
        vec![value]
    };
    let no_slash = |byte: u8| byte != b'/';
    meant.iter().any(|value| {
        let pieces = if *value == "*" {
            return glob::matches(&[literal("spiffe://"), Piece::Any(0)], name);
        } else if let Some(end) = value.strip_prefix('*') {
            vec![Piece::Of(no_slash, 0), literal(end)]
        } else if let Some(start) = value.strip_suffix('*') {
            vec![literal(start), Piece::Of(no_slash, 0)]
        } else {
            vec![literal(value)]
        };
        glob::matches(
            &[
                vec![literal("spiffe://")],
                pieces,
                vec![literal("/"), Piece::Any(0)],
            ]
            .concat(),
            name,
        )
    })
}

/// Compares the leading bits, one by one.
fn in_block(value: &str, ip: IpAddr) -> bool {
    let (address, length) = match value.split_once('/') {
        Some((address, length)) => (address, length.parse::<usize>().ok()),
        None => (value, None),
    };
    let Ok(address) = address.parse::<IpAddr>() else {
        return false;
    };
    let bits = |ip: IpAddr| -> Vec<bool> {
        let bytes = match ip {
            IpAddr::V4(v4) => v4.octets().to_vec(),
            IpAddr::V6(v6) => v6.octets().to_vec(),
        };
        bytes
            .iter()
            .flat_map(|byte| {
                (0..8).map(move |bit| byte.leading_zeros() <= bit && byte.wrapping_shl(bit) & 128 != 0)
            })
            .collect()
    };
    let block = bits(address);
    let length = length.unwrap_or(block.len());
    // An IPv4-mapped IPv6 block is the IPv4 block, if it lies in the mapped range whole.
    let (block, length) = match (address.to_canonical(), address) {
        (IpAddr::V4(v4), IpAddr::V6(_)) if length >= 96 => (bits(IpAddr::V4(v4)), length.saturating_sub(96)),
        (_, _) => (block, length),
    };
    let ip = bits(ip.to_canonical());
    ip.len() == block.len()
        && ip
            .iter()
            .zip(&block)
            .take(length)
            .all(|(left, right)| left == right)
}

/// A star is one only where the whole value starts or ends with it, the start first; all the rest is literal.
fn request_principal(value: &str, issuer: &[u8], subject: &[u8]) -> bool {
    let same = |written: &str, text: &[u8]| written.as_bytes() == text;
    match value.rsplit_once('/') {
        _ if value == "*" => !issuer.is_empty() && !subject.is_empty(),
        Some((of_issuer, of_subject)) if value.starts_with('*') => {
            string_match(of_issuer, issuer, false) && same(of_subject, subject)
        }
        None if value.starts_with('*') => !issuer.is_empty() && string_match(value, subject, false),
        Some((of_issuer, of_subject)) if value.ends_with('*') => {
            let start = of_subject.strip_suffix('*').unwrap_or(of_subject);
            same(of_issuer, issuer) && !subject.is_empty() && subject.starts_with(start.as_bytes())
        }
        None if value.ends_with('*') => string_match(value, issuer, false) && !subject.is_empty(),
        Some((of_issuer, of_subject)) => same(of_issuer, issuer) && same(of_subject, subject),
        None => same(value, issuer) && subject.is_empty(),
    }
}

fn metadata_matches(value: &str, metadata: &Value) -> bool {
    let listed = value.starts_with('[') && value.ends_with(']');
    let inner = listed.then(|| value.trim_start_matches(['[', ']']).trim_end_matches(['[', ']']));
    match (metadata, inner) {
        (Value::String(text), None) => string_match(value, text.as_bytes(), false),
        (Value::List(items), Some(inner)) => items
            .iter()
            .filter_map(Value::as_str)
            .any(|text| string_match(inner, text.as_bytes(), false)),
        (Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_), _)
        | (Value::String(_), Some(_))
        | (Value::List(_), None) => false,
    }
}

impl std::fmt::Display for Found {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let quoted = |texts: &[Vec<u8>]| {
            let shown = texts.iter().filter(|text| !text.is_empty() || texts.len() == 1);
            let shown: Vec<String> = shown
                .map(|text| format!("{:?}", String::from_utf8_lossy(text)))
                .collect();
            shown.join(", ")
        };
        match self {
            Found::Peer(names) => f.write_str(&quoted(names)),
            Found::Texts(texts) => f.write_str(&quoted(texts)),
            Found::Ip(ip) => write!(f, "{ip}"),
            Found::Port(port) => write!(f, "{port}"),
            Found::Principal(issuer, subject) => write!(f, "issuer {issuer:?}, subject {subject:?}"),
            Found::Metadata(value) => write!(f, "{value:?}"),
        }
    }
}
