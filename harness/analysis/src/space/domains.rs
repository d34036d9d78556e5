//! The texts that each attribute can have, and those that make good examples.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::Peers;
use super::parts::fewest_classes;
use crate::attribute::Attribute;
use crate::text::{self, CharSet, Domain, SizeLimitExceeded, TextClass, Token, Tokens};

/// The largest number of states of an automaton. The classes of a thousand paths need some ten thousand.
const STATES: usize = 1_000_000;

/// The largest number of states for names of any form: patterns on parts of a name multiply there, as a name may have any number of
/// parts.
const STATES_OF_ANY_NAME: usize = 40_000;

fn some(chars: CharSet) -> Vec<Token> {
    vec![Token::One(chars), Token::Many(chars)]
}

fn after(start: &str, rest: Vec<Token>) -> Vec<Token> {
    text::literal(start).chain(rest).collect()
}

fn examples(texts: &[&'static str]) -> Vec<Cow<'static, str>> {
    texts.iter().rev().map(|text| Cow::Borrowed(*text)).collect()
}

/// The texts that [`peerwarden_engine::is_host`] accepts.
fn hosts() -> Tokens {
    let address = || after("[", some(CharSet::Address));
    let alone = [
        some(CharSet::HostName),
        [address(), after("]", Vec::new())].concat(),
        [
            address(),
            after("%", some(CharSet::HostName)),
            after("]", Vec::new()),
        ]
        .concat(),
    ];
    let port = |digits| match digits {
        0 => Vec::new(),
        _ => after(":", vec![Token::One(CharSet::Digit); digits]),
    };
    let with = |host: &Vec<Token>| {
        (0..=5)
            .map(|digits| [host.clone(), port(digits)].concat())
            .collect::<Tokens>()
    };
    alone.iter().flat_map(with).collect()
}

/// Texts without surrounding white space, including the empty one.
fn field_values() -> Tokens {
    let end = Token::One(CharSet::ValueEnd);
    vec![Vec::new(), vec![end], vec![end, Token::Many(CharSet::Line), end]]
}

/// The classes of an attribute's texts.
pub(super) fn classes(
    attribute: &Attribute,
    patterns: &[Tokens],
    limit: usize,
) -> Result<Vec<TextClass>, SizeLimitExceeded> {
    let domain = match attribute {
        Attribute::Method => Domain {
            all: vec![some(CharSet::Method)],
            plain: vec![some(CharSet::Upper)],
            examples: examples(&["GET", "POST", "DELETE", "PUT", "PATCH", "HEAD", "OPTIONS"]),
        },
        // Envoy refuses a request with any other path.
        Attribute::Path => Domain {
            all: vec![
                after("/", vec![Token::Many(CharSet::Line)]),
                text::literal("*").collect(),
            ],
            plain: vec![after("/", vec![Token::Many(CharSet::Segments)])],
            examples: examples(&["/", "/other"]),
        },
        Attribute::Host => Domain {
            all: hosts(),
            plain: vec![some(CharSet::Host)],
            examples: examples(&["example.com", "other.example"]),
        },
        Attribute::Sni => Domain {
            all: vec![vec![Token::Many(CharSet::Line), Token::One(CharSet::NameEnd)]],
            plain: vec![some(CharSet::Host)],
            examples: examples(&["example.com", "other.example"]),
        },
        Attribute::Header(_) => Domain {
            all: field_values(),
            plain: vec![some(CharSet::Visible)],
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
            all: vec![vec![Token::Many(CharSet::Any)]],
            plain: vec![some(CharSet::Visible)],
            examples: examples(&["other"]),
        },
    };
    text::classes(patterns, &domain, STATES, limit)
}

/// `spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/SERVICE-ACCOUNT`.
pub(super) fn istio() -> Vec<Token> {
    let parts = [
        after("spiffe://", some(CharSet::TrustDomain)),
        after("/ns/", some(CharSet::Name)),
        after("/sa/", some(CharSet::Name)),
    ];
    parts.concat()
}

/// The classes of the names in certificates, and the peers that they cover.
pub(super) fn names(patterns: &[Tokens], limit: usize) -> Result<(Vec<TextClass>, Peers), SizeLimitExceeded> {
    // Patterns that multiply too far are found before the work: so many make no more classes otherwise.
    let may_exceed = patterns.len() > limit.ilog2() as usize;
    if may_exceed && fewest_classes(patterns, STATES_OF_ANY_NAME, limit)? > limit {
        return Err(SizeLimitExceeded);
    }
    let mut domain = Domain {
        all: vec![some(CharSet::Ascii)],
        plain: vec![istio()],
        examples: name_examples(patterns),
    };
    if let Ok(classes) = text::classes(patterns, &domain, STATES_OF_ANY_NAME, limit) {
        // A name in a policy that Istio never issues belongs to someone else, such as a workload outside the mesh: it
        // is not unusual.
        let of_others: Vec<usize> = (0..patterns.len())
            .filter(|number| {
                let mut plain = classes.iter().filter(|class| class.plain);
                !plain.any(|class| class.patterns.contains(number))
            })
            .collect();
        if of_others.is_empty() {
            return Ok((classes, Peers::AnyName));
        }
        let names = of_others.iter().flat_map(|number| patterns[*number].clone());
        domain.plain.extend(names);
        let told_apart = text::classes(patterns, &domain, STATES_OF_ANY_NAME, limit);
        return Ok((told_apart.unwrap_or(classes), Peers::AnyName));
    }
    domain.all.clone_from(&domain.plain);
    let classes = text::classes(patterns, &domain, STATES, limit)?;
    Ok((classes, Peers::IstioNames))
}

/// Sample workloads for patterns that name one only in part: for each trust domain, namespace and service account that a pattern
/// names.
fn name_examples(patterns: &[Tokens]) -> Vec<Cow<'static, str>> {
    let mut domains = BTreeSet::from(["cluster.local".to_owned()]);
    let mut namespaces = BTreeSet::new();
    let mut accounts = BTreeSet::new();
    for tokens in patterns.iter().flatten() {
        let text: String = tokens
            .iter()
            .map(|token| match token {
                Token::Char(ch) | Token::AnyCase(ch) => *ch,
                Token::One(_) | Token::Many(_) => '*',
            })
            .collect();
        let add = |into: &mut BTreeSet<String>, rest: Option<&str>| {
            let part = rest.and_then(|rest| rest.split('/').next());
            into.extend(
                part.filter(|part| !part.is_empty() && !part.contains('*'))
                    .map(str::to_owned),
            );
        };
        add(&mut domains, text.strip_prefix("spiffe://"));
        add(&mut namespaces, text.split_once("/ns/").map(|(_, rest)| rest));
        add(&mut accounts, text.split_once("/sa/").map(|(_, rest)| rest));
    }
    let mut examples = vec![Cow::Borrowed("spiffe://elsewhere.example/ns/default/sa/default")];
    let named = |domain: &str, namespace: &str, account: &str| {
        Cow::Owned(format!("spiffe://{domain}/ns/{namespace}/sa/{account}"))
    };
    // Very many domains, which cannot all be tried, do not improve reports. The last one is preferred.
    for domain in domains.iter().take(16).rev() {
        examples.extend(
            accounts
                .iter()
                .take(256)
                .map(|account| named(domain, "default", account)),
        );
        examples.extend(
            namespaces
                .iter()
                .take(256)
                .map(|namespace| named(domain, namespace, "other")),
        );
    }
    for domain in domains.iter().take(16) {
        examples.push(named(domain, "default", "default"));
    }
    examples.push(Cow::Borrowed("spiffe://cluster.local/ns/default/sa/default"));
    examples
}
