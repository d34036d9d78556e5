//! The rules of one action, in the order in which Envoy would report them.

use super::answers::Answers;
use super::truth::{Doubt, Truth};
use crate::attribute::Lookup;
use crate::config::Protocol;
use crate::decision::{By, Kind};
use crate::document::Value;
use crate::policy::{Clause, Policy, Rule, Set};

/// Rules sorted by id: the first that matches is the one reported, as in Envoy's map of policies.
#[derive(Debug, Clone, Default)]
pub(super) struct Rules(Vec<(By, Rule)>);

impl Rules {
    pub(super) fn new<'p>(policies: impl Iterator<Item = &'p Policy>, protocol: Protocol) -> Self {
        let mut rules = Vec::new();
        for policy in policies {
            for (index, rule) in policy.rules.iter().enumerate() {
                let usable = match protocol {
                    Protocol::Http => Some(rule.clone()),
                    Protocol::Tcp => rule.on_tcp(policy.action),
                };
                let by = By {
                    kind: Kind::AuthorizationPolicy,
                    namespace: policy.namespace.clone(),
                    name: policy.name.clone(),
                    rule: Some(index),
                };
                rules.extend(usable.map(|rule| (by, cheapest_first(rule))));
            }
        }
        rules.sort_by_cached_key(|(by, _)| by.to_string());
        Self(rules)
    }

    /// The first rule that matches.
    pub(super) fn first_match(&self, answers: &Answers<'_>, doubt: Doubt) -> Option<&By> {
        self.0
            .iter()
            .find(|(_, rule)| matches(rule, answers, doubt))
            .map(|(by, _)| by)
    }
}

fn cheapest_first(mut rule: Rule) -> Rule {
    for clauses in rule
        .sources
        .iter_mut()
        .chain(&mut rule.operations)
        .chain(std::iter::once(&mut rule.conditions))
    {
        clauses.sort_by_key(Clause::operand);
    }
    rule
}

fn matches(rule: &Rule, answers: &Answers<'_>, doubt: Doubt) -> bool {
    let all = |clauses: &Vec<Clause>| {
        clauses
            .iter()
            .all(|clause| evaluate(clause, answers).holds(doubt))
    };
    let any = |parts: &[Vec<Clause>]| parts.is_empty() || parts.iter().any(all);
    any(&rule.sources) && any(&rule.operations) && all(&rule.conditions)
}

/// What one clause comes to.
fn evaluate(clause: &Clause, answers: &Answers<'_>) -> Truth {
    match clause {
        Clause::Peer(set) => with(answers.peer(), set, |peer, pattern| {
            peer.names().any(|name| pattern.matches(name))
        }),
        Clause::SourceIp(set) => with(answers.source_ip(), set, |ip, block| block.contains(*ip)),
        Clause::RemoteIp(set) => with(answers.remote_ip(), set, |ip, block| block.contains(*ip)),
        Clause::DestinationIp(set) => with(answers.destination_ip(), set, |ip, block| block.contains(*ip)),
        Clause::DestinationPort(set) => with(answers.destination_port(), set, |port, wanted| port == wanted),
        Clause::Sni(set) => with(answers.sni(), set, |sni, pattern| pattern.matches(sni)),
        Clause::Host(set) => with(&answers.header(":authority"), set, |values, pattern| {
            values.iter().any(|value| pattern.matches_ignoring_case(value))
        }),
        Clause::Method(set) => with(&answers.header(":method"), set, |values, pattern| {
            values.iter().any(|value| pattern.matches(value))
        }),
        Clause::Path(set) => with(&answers.header(":path"), set, |values, pattern| {
            values.iter().any(|value| pattern.matches(without_query(value)))
        }),
        Clause::Header(name, set) => with(&answers.header(name), set, |values, pattern| {
            values.iter().any(|value| pattern.matches(value))
        }),
        Clause::RequestPrincipal(set) => {
            let principal = answers.jwt().as_ref().map(|jwt| {
                let part = |name| jwt.get(name).and_then(Value::as_str);
                part("iss").zip(part("sub"))
            });
            let principal = flatten(principal);
            with(&principal, set, |(issuer, subject), pattern| {
                pattern.matches(issuer, subject)
            })
        }
        Clause::Claim(path, set) => {
            let claim = flatten(answers.jwt().as_ref().map(|jwt| claim(jwt, path)));
            with(&claim, set, |values, pattern| {
                values.iter().any(|value| pattern.matches(value.as_bytes()))
            })
        }
        Clause::Metadata { filter, key, set } => {
            with(&answers.metadata(filter, key), set, |value, pattern| {
                pattern.matches(value)
            })
        }
    }
}

/// Puts what was looked up to a set of patterns.
fn with<T, P>(looked_up: &Lookup<T>, set: &Set<P>, matches: impl Fn(&T, &P) -> bool) -> Truth {
    match looked_up {
        Lookup::Found(value) => set.holds(|pattern| matches(value, pattern)).into(),
        Lookup::Missing => set.holds_when_missing().into(),
        Lookup::Unavailable => Truth::Doubt,
    }
}

fn flatten<T>(lookup: Lookup<Option<T>>) -> Lookup<T> {
    match lookup {
        Lookup::Found(option) => Lookup::from_option(option),
        Lookup::Missing => Lookup::Missing,
        Lookup::Unavailable => Lookup::Unavailable,
    }
}

/// A path ends where its query or fragment begins.
fn without_query(path: &[u8]) -> &[u8] {
    path.split(|byte| matches!(byte, b'?' | b'#'))
        .next()
        .unwrap_or(path)
}

/// The texts of a claim: a string, or the strings of a list. `scope` and `permission` are lists written with spaces
/// (RFC 8693, section 4.2). Numbers, booleans and objects match nothing, so they are as good as missing.
fn claim<'j>(jwt: &'j Value, path: &[String]) -> Option<Vec<&'j str>> {
    let spaced = matches!(path, [name] if matches!(name.as_str(), "scope" | "permission"));
    let mut value = jwt;
    for name in path {
        value = value.get(name)?;
    }
    match value {
        Value::String(text) if spaced => Some(text.split(' ').collect()),
        Value::String(text) => Some(vec![text]),
        Value::List(items) => Some(items.iter().filter_map(Value::as_str).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => None,
    }
}
