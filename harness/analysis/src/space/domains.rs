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

/// What [`peerwarden_engine::is_host`] takes.
fn hosts() -> Tokens {
    let address = || after("[", some(Chars::Address));
    let alone = [
        some(Chars::HostName),
        [address(), after("]", Vec::new())].concat(),
        [
            address(),
            after("%", some(Chars::HostName)),
            after("]", Vec::new()),
        ]
        .concat(),
    ];
    let port = |digits| match digits {
        0 => Vec::new(),
        _ => after(":", vec![Token::One(Chars::Digit); digits]),
    };
    let with = |host: &Vec<Token>| {
        (0..=5)
            .map(|digits| [host.clone(), port(digits)].concat())
            .collect::<Tokens>()
    };
    alone.iter().flat_map(with).collect()
}

/// Texts without white space around them, the empty one too.
fn field_values() -> Tokens {
    let end = Token::One(Chars::ValueEnd);
    vec![Vec::new(), vec![end], vec![end, Token::Many(Chars::Line), end]]
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
            all: hosts(),
            plain: vec![some(Chars::Host)],
            examples: examples(&["example.com", "other.example"]),
        },
        Attribute::Sni => Domain {
            all: vec![vec![Token::Many(Chars::Line), Token::One(Chars::NameEnd)]],
            plain: vec![some(Chars::Host)],
            examples: examples(&["example.com", "other.example"]),
        },
        Attribute::Header(_) => Domain {
            all: field_values(),
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
        // What a policy names and Istio never issues is another's name, as that of a workload outside the mesh: it is not an oddity.
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

/// Workloads that patterns name in part: in each trust domain and each namespace, and by each service account, that stand in one.
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
    // So many that they cannot be tried one by one make no better reports. What comes last is preferred.
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
