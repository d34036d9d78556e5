//! Evaluates one requirement of a rule for a request or a connection. The meaning of rules at run time is all here.

use super::answers::{Answers, borrowed};
use super::truth::{Truth, UnestablishedValue};
use crate::attribute::Lookup;
use crate::document::Value;
use crate::policy::{Clause, Set};

/// The result of one clause.
pub(super) fn evaluate(clause: &Clause, answers: &Answers<'_>) -> Truth {
    match clause {
        Clause::Peer(set) => established(answers.identity(), set, |peer, pattern| {
            peer.identities().any(|name| pattern.matches(name))
        }),
        Clause::SourceIp(set) => with(answers.source_ip(), set, |ip, block| block.contains(*ip)),
        Clause::RemoteIp(set) => with(answers.remote_ip(), set, |ip, block| block.contains(*ip)),
        Clause::DestinationIp(set) => with(answers.destination_ip(), set, |ip, block| block.contains(*ip)),
        Clause::DestinationPort(set) => with(answers.destination_port(), set, |port, wanted| port == wanted),
        Clause::Sni(set) => established(answers.sni(), set, |sni, pattern| pattern.matches(sni)),
        Clause::Host(set) => established(answers.host(), set, |values, pattern| {
            values.iter().any(|value| pattern.matches_ignoring_case(value))
        }),
        Clause::Method(set) => established(answers.method(), set, |values, pattern| {
            values.iter().any(|value| pattern.matches(value))
        }),
        Clause::Path(set) => established(answers.path(), set, |values, pattern| {
            values.iter().any(|value| pattern.matches(value))
        }),
        Clause::Header(name, set) => established(borrowed(&answers.header(name)), set, |values, pattern| {
            values.iter().any(|value| pattern.matches(value))
        }),
        Clause::RequestPrincipal(set) => with(&principal(answers), set, |(issuer, subject), pattern| {
            pattern.matches(issuer, subject)
        }),
        Clause::Claim(path, set) => with(&claim(answers, path), set, |values, pattern| {
            values.iter().any(|value| pattern.matches(value.as_bytes()))
        }),
        Clause::Metadata { filter, key, set } => {
            with(&answers.metadata(filter, key), set, |value, pattern| {
                pattern.matches(value)
            })
        }
    }
}

/// The same for an attribute that may not be established.
fn established<T, P>(
    looked_up: Result<&Lookup<T>, UnestablishedValue>,
    set: &Set<P>,
    matches: impl Fn(&T, &P) -> bool,
) -> Truth {
    match looked_up {
        Ok(looked_up) => with(looked_up, set, matches),
        Err(UnestablishedValue) => Truth::Unestablished,
    }
}

/// Matches a looked-up value against a set of patterns.
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

/// The issuer and the subject of the token.
pub(super) fn principal<'a>(answers: &'a Answers<'_>) -> Lookup<(&'a str, &'a str)> {
    let principal = answers.jwt().as_ref().map(|jwt| {
        let part = |name| jwt.get(name).and_then(Value::as_str);
        part("iss").zip(part("sub"))
    });
    flatten(principal)
}

/// The texts of a claim of the token.
pub(super) fn claim<'a>(answers: &'a Answers<'_>, path: &[String]) -> Lookup<Vec<&'a str>> {
    flatten(answers.jwt().as_ref().map(|jwt| texts(jwt, path)))
}

/// The texts of a claim: a string, or the strings of a list. `scope` and `permission` are lists written with spaces
/// (RFC 8693, section 4.2). Numbers, booleans and objects match nothing, so they count as missing.
fn texts<'j>(jwt: &'j Value, path: &[String]) -> Option<Vec<&'j str>> {
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
