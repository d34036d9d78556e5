//! Values for the peer and the token: principals, namespaces, service accounts, trust domains, and request principals.

use super::glob::{self, Piece, literal, string_match};
use crate::config::Config;

pub(super) fn principal(value: &str, name: &[u8], config: &Config) -> bool {
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
pub(super) fn namespace(value: &str, name: &[u8]) -> bool {
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
pub(super) fn service_account(value: &str, name: &[u8], own_namespace: &str) -> bool {
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

pub(super) fn trust_domain(value: &str, name: &[u8], config: &Config) -> bool {
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

/// A star is one only where the whole value starts or ends with it, the start first; all the rest is literal.
pub(super) fn request_principal(value: &str, issuer: &[u8], subject: &[u8]) -> bool {
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
