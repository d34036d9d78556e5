//! Which texts each attribute can have, and which make good examples.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::Peers;
use crate::attribute::Attribute;
use crate::text::{self, Chars, Domain, TextClass, Token, Tokens, TooMany};

/// States of an automaton. The classes of a thousand paths take some ten thousand.
const STATES: usize = 1_000_000;

/// States that names of any shape may take: patterns on parts of a name multiply there, as a name may have any number of parts.
const STATES_OF_ANY_NAME: usize = 40_000;

fn some(chars: Chars) -> Vec<Token> {
    vec![Token::One(chars), Token::Many(chars)]
}

fn after(start: &str, rest: Vec<Token>) -> Vec<Token> {
    text::literal(start).chain(rest).collect()
}

fn examples(texts: &[&'static str]) -> Vec<Cow<'static, str>> {
    texts.iter().rev().map(|text| Cow::Borrowed(*text)).collect()
}

/// The classes of an attribute's texts.
pub(super) fn classes(
    attribute: &Attribute,
    patterns: &[Tokens],
    limit: usize,
) -> Result<Vec<TextClass>, TooMany> {
    let domain = match attribute {
        Attribute::Method => Domain {
            all: vec![some(Chars::Method)],
            plain: vec![some(Chars::Upper)],
            examples: examples(&["GET", "POST", "DELETE", "PUT", "PATCH", "HEAD", "OPTIONS"]),
        },
        // Envoy refuses a request whose path begins otherwise.
        Attribute::Path => Domain {
            all: vec![
                after("/", vec![Token::Many(Chars::Line)]),
                text::literal("*").collect(),
            ],
            plain: vec![after("/", vec![Token::Many(Chars::Segments)])],
            examples: examples(&["/", "/other"]),
        },
        Attribute::Host => Domain {
            all: vec![vec![Token::Many(Chars::Line)]],
            plain: vec![some(Chars::Host)],
            examples: examples(&["example.com", "other.example"]),
        },
        Attribute::Sni => Domain {
            all: vec![some(Chars::Line)],
            plain: vec![some(Chars::Host)],
            examples: examples(&["example.com", "other.example"]),
        },
        Attribute::Header(_) => Domain {
            all: vec![vec![Token::Many(Chars::Line)]],
            plain: vec![some(Chars::Visible)],
            examples: examples(&["other"]),
        },
        Attribute::Claim(_)
        | Attribute::Metadata { .. }
        | Attribute::Peer
        | Attribute::Port
        | Attribute::SourceIp
        | Attribute::RemoteIp
        | Attribute::DestinationIp
        | Attribute::Authorizer(_) => Domain {
            all: vec![vec![Token::Many(Chars::Any)]],
            plain: vec![some(Chars::Visible)],
            examples: examples(&["other"]),
        },
    };
    text::classes(patterns, &domain, STATES, limit)
}

/// `spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/SERVICE-ACCOUNT`.
fn istio() -> Vec<Token> {
    let parts = [
        after("spiffe://", some(Chars::TrustDomain)),
        after("/ns/", some(Chars::Name)),
        after("/sa/", some(Chars::Name)),
    ];
    parts.concat()
}

/// The classes of the names in certificates, and which names they are of.
pub(super) fn names(patterns: &[Tokens], limit: usize) -> Result<(Vec<TextClass>, Peers), TooMany> {
    let mut domain = Domain {
        all: vec![some(Chars::Ascii)],
        plain: vec![istio()],
        examples: name_examples(patterns),
    };
    if let Ok(classes) = text::classes(patterns, &domain, STATES_OF_ANY_NAME, limit) {
        return Ok((classes, Peers::AnyName));
    }
    domain.all.clone_from(&domain.plain);
    let classes = text::classes(patterns, &domain, STATES, limit)?;
    Ok((classes, Peers::IstioNames))
}

/// Workloads nobody names, in each trust domain and each namespace that patterns name in full.
fn name_examples(patterns: &[Tokens]) -> Vec<Cow<'static, str>> {
    let mut domains = BTreeSet::from(["cluster.local".to_owned()]);
    let mut namespaces = BTreeSet::new();
    for tokens in patterns.iter().flatten() {
        let text: String = tokens
            .iter()
            .map(|token| match token {
                Token::Char(ch) | Token::AnyCase(ch) => *ch,
                Token::One(_) | Token::Many(_) => '*',
            })
            .collect();
        let id = text.strip_prefix("spiffe://");
        let domain = id.and_then(|id| id.split('/').next());
        domains.extend(domain.filter(|domain| !domain.contains('*')).map(str::to_owned));
        let namespace = text
            .split_once("/ns/")
            .and_then(|(_, rest)| rest.split('/').next());
        namespaces.extend(
            namespace
                .filter(|namespace| !namespace.contains('*'))
                .map(str::to_owned),
        );
    }
    let mut examples = vec![Cow::Borrowed("spiffe://elsewhere.example/ns/default/sa/default")];
    // So many that they cannot be tried one by one make no better reports.
    for domain in domains.iter().take(32).rev() {
        for namespace in namespaces.iter().take(512) {
            examples.push(Cow::Owned(format!("spiffe://{domain}/ns/{namespace}/sa/other")));
        }
    }
    for domain in domains.iter().take(32) {
        examples.push(Cow::Owned(format!("spiffe://{domain}/ns/default/sa/default")));
    }
    examples.push(Cow::Borrowed("spiffe://cluster.local/ns/default/sa/default"));
    examples
}
