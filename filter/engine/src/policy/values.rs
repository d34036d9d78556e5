//! Checks and interprets each field's values. `from`, `to` and `when` share these: `source.ip` of a condition is
//! `ipBlocks` of a source.

use std::cell::Cell;

use super::clause::{Clause, Set};
use super::trust_domain::{expand_principal, expand_trust_domain};
use super::when_key::Key;
use crate::document::At;
use crate::few::Few;
use crate::limits;
use crate::pattern::{
    Block, MetadataPattern, PathPattern, PeerPattern, Presence, RequestPrincipalPattern, Template,
    TextPattern, ValueProblem,
};
use crate::problem::{Problem, Problems};
use crate::resource::Texts;

/// The values of one field and of its `not…` twin, and where they stand.
pub(super) struct Values<'v, 'a> {
    pub(super) any_of: (Texts<'v>, At<'a>),
    pub(super) none_of: (Texts<'v>, At<'a>),
}

/// What values are read against: the policy's namespace and the names of the mesh's trust domain.
pub(super) struct Scope<'s> {
    pub(super) namespace: &'s str,
    pub(super) trust_domains: &'s [&'s str],
    pub(super) growth: &'s Growth,
}

/// Bytes added when a value expands to every name of the trust domain.
#[derive(Debug, Default)]
pub(super) struct Growth(Cell<usize>);

impl Growth {
    /// Adds the texts that `value` stands for beside itself, unless that makes too many.
    fn add(&self, value: &str, texts: impl Iterator<Item = usize>) -> Result<(), ValueProblem> {
        let grown = texts
            .fold(self.0.get(), usize::saturating_add)
            .saturating_sub(value.len());
        if grown > limits::CONFIGURATION_BYTES {
            return Err((
                format!(
                    "with all aliases of the trust domain, the values have more than {} bytes",
                    limits::CONFIGURATION_BYTES
                ),
                "use fewer `trustDomainAliases`, or include only the policies of this workload",
            ));
        }
        self.0.set(grown);
        Ok(())
    }
}

impl Values<'_, '_> {
    /// Parses each value, which may stand for several patterns.
    fn parse<P>(
        &self,
        problems: &mut Problems,
        parse: impl Fn(&str, &mut Patterns<P>) -> Result<(), ValueProblem>,
    ) -> Option<Set<P>> {
        let mut side = |(values, at): &(Texts<'_>, At<'_>)| {
            let mut patterns = Patterns {
                parsed: Few::default(),
                more: 0,
            };
            let mut one = |value: &str, more| {
                patterns.more = more;
                parse(value, &mut patterns)
            };
            each(*values, at, problems, &mut one);
            patterns.parsed
        };
        let set = Set {
            any_of: side(&self.any_of),
            none_of: side(&self.none_of),
        };
        (!set.any_of.is_empty() || !set.none_of.is_empty()).then_some(set)
    }

    fn is_empty(&self) -> bool {
        self.any_of.0.is_empty() && self.none_of.0.is_empty()
    }
}

/// Each value of a list, and how many come after it.
fn each(
    values: Texts<'_>,
    at: &At<'_>,
    problems: &mut Problems,
    parse: &mut dyn FnMut(&str, usize) -> Result<(), ValueProblem>,
) {
    let mut more = values.len();
    if more > limits::VALUES {
        let message = format!("{more} values, more than {}", limits::VALUES);
        problems.push(Problem::new(at, message).help("split the policy"));
        return;
    }
    for (index, value) in values.enumerate() {
        more = more.saturating_sub(1);
        if let Err((message, help)) = sized(value).and_then(|()| parse(value, more)) {
            problems.push(Problem::new(&at.index(index), message).help(help));
        }
    }
}

/// The patterns of one list of values.
struct Patterns<P> {
    parsed: Few<P>,
    /// How many values are still to be parsed.
    more: usize,
}

impl<P> Patterns<P> {
    fn push(&mut self, pattern: P) {
        self.parsed.push(pattern, self.more);
    }
}

fn sized(value: &str) -> Result<(), ValueProblem> {
    if value.is_empty() {
        return Err((
            "an empty value matches nothing".to_owned(),
            "Istio refuses it: remove it, or to ask for any value write `*` in the positive list (`values: [\"*\"]`)",
        ));
    }
    if value.len() > limits::VALUE_BYTES {
        return Err((format!("a value of {} bytes", value.len()), "keep it below 8 KiB"));
    }
    Ok(())
}

/// The clause of a field of `source` or `operation`. `None` when it has no (usable) values.
pub(super) fn field(
    name: &str,
    values: &Values<'_, '_>,
    scope: &Scope<'_>,
    problems: &mut Problems,
) -> Option<Clause> {
    if values.is_empty() {
        return None;
    }
    let key = match name {
        "principals" => Key::SourcePrincipal,
        "requestPrincipals" => Key::RequestPrincipal,
        "namespaces" => Key::SourceNamespace,
        "serviceAccounts" => Key::SourceServiceAccount,
        "trustDomains" => Key::SourceTrustDomain,
        "ipBlocks" => Key::SourceIp,
        "remoteIpBlocks" => Key::RemoteIp,
        "ports" => Key::DestinationPort,
        "hosts" => return values.parse(problems, text(Presence::Exists)).map(Clause::Host),
        "methods" => return values.parse(problems, text(Presence::Exists)).map(Clause::Method),
        "paths" => return values.parse(problems, path).map(Clause::Path),
        // The names come from `resource`'s own list of fields; one that is not here has no meaning yet.
        other => {
            let message = format!("`{other}` is not supported");
            problems.push(Problem::new(&values.any_of.1, message));
            return None;
        }
    };
    condition(key, values, scope, problems)
}

/// The clause of a condition.
pub(super) fn condition(
    key: Key,
    values: &Values<'_, '_>,
    scope: &Scope<'_>,
    problems: &mut Problems,
) -> Option<Clause> {
    let claims = |name: &str| vec![name.to_owned()];
    match key {
        Key::SourcePrincipal => values
            .parse(problems, |value, into| principal(value, scope, into))
            .map(Clause::Peer),
        Key::SourceNamespace => values.parse(problems, namespace).map(Clause::Peer),
        Key::SourceServiceAccount => {
            for (values, at) in [&values.any_of, &values.none_of] {
                if values.len() > limits::SERVICE_ACCOUNTS {
                    let message = format!("{} service accounts", values.len());
                    problems
                        .push(Problem::new(at, message).help("split the source: Istio allows at most 16"));
                }
            }
            values
                .parse(problems, |value, into| service_account(value, scope, into))
                .map(Clause::Peer)
        }
        Key::SourceTrustDomain => values
            .parse(problems, |value, into| trust_domain(value, scope, into))
            .map(Clause::Peer),
        Key::SourceIp => values.parse(problems, block).map(Clause::SourceIp),
        Key::RemoteIp => values.parse(problems, block).map(Clause::RemoteIp),
        Key::DestinationIp => values.parse(problems, block).map(Clause::DestinationIp),
        Key::DestinationPort => values.parse(problems, port).map(Clause::DestinationPort),
        Key::Sni => values.parse(problems, text(Presence::NonEmpty)).map(Clause::Sni),
        Key::RequestPrincipal => {
            let parse = |value: &str, into: &mut Patterns<_>| {
                into.push(RequestPrincipalPattern::parse(value));
                Ok(())
            };
            values.parse(problems, parse).map(Clause::RequestPrincipal)
        }
        Key::Header(name) => values
            .parse(problems, text(Presence::Exists))
            .map(|set| Clause::Header(name, set)),
        Key::Audiences => claim(claims("aud"), values, problems),
        Key::Presenter => claim(claims("azp"), values, problems),
        Key::Claim(path) => claim(path, values, problems),
        Key::Metadata { filter, key } => {
            let parse = |value: &str, into: &mut Patterns<_>| {
                into.push(MetadataPattern::parse(value));
                Ok(())
            };
            values
                .parse(problems, parse)
                .map(|set| Clause::Metadata { filter, key, set })
        }
    }
}

fn claim(path: Vec<String>, values: &Values<'_, '_>, problems: &mut Problems) -> Option<Clause> {
    values
        .parse(problems, text(Presence::NonEmpty))
        .map(|set| Clause::Claim(path, set))
}

fn text(presence: Presence) -> impl Fn(&str, &mut Patterns<TextPattern>) -> Result<(), ValueProblem> {
    move |value, into| {
        into.push(TextPattern::parse(value, presence));
        Ok(())
    }
}

fn path(value: &str, into: &mut Patterns<PathPattern>) -> Result<(), ValueProblem> {
    // Istio takes no brace that is not an operator's, whether the path is a template or not.
    if !Template::is_one(value) && value.contains(['{', '}']) {
        return Err((
            format!("`{value}` has a brace that is not part of `{{*}}` or `{{**}}`"),
            "write a template such as `/a/{*}/b`; for a literal brace, write `%7B` or `%7D`",
        ));
    }
    let pattern = if Template::is_one(value) {
        let template = Template::parse(value).map_err(|error| {
            (
                format!("`{value}` is not a path template: {error}"),
                "write a template such as `/a/{*}/b` or `/a/{**}`",
            )
        })?;
        PathPattern::Template(template)
    } else {
        PathPattern::Text(TextPattern::parse(value, Presence::NonEmpty))
    };
    into.push(pattern);
    Ok(())
}

fn principal(value: &str, scope: &Scope<'_>, into: &mut Patterns<PeerPattern>) -> Result<(), ValueProblem> {
    let values = expand_principal(value, scope.trust_domains);
    scope.growth.add(value, values.iter().map(|value| value.len()))?;
    values
        .iter()
        .for_each(|value| into.push(PeerPattern::principal(value)));
    Ok(())
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "as the other fields have it, some of which refuse values"
)]
fn namespace(value: &str, into: &mut Patterns<PeerPattern>) -> Result<(), ValueProblem> {
    into.push(PeerPattern::namespace(value));
    Ok(())
}

fn service_account(
    value: &str,
    scope: &Scope<'_>,
    into: &mut Patterns<PeerPattern>,
) -> Result<(), ValueProblem> {
    const HELP: &str = "write `NAMESPACE/NAME`, or `NAME` for the policy's own namespace";
    let refuse = |what: String| Err((what, HELP));
    if value.len() > limits::SERVICE_ACCOUNT_BYTES {
        return refuse(format!("a service account of {} bytes", value.len()));
    }
    if value.contains('*') {
        return refuse(format!(
            "`{value}` has a wildcard, which service accounts do not support"
        ));
    }
    let halves: Vec<&str> = value.split('/').collect();
    if halves.len() > 2 || halves.iter().any(|half| half.is_empty()) {
        return refuse(format!("`{value}` is not a service account"));
    }
    into.push(PeerPattern::service_account(value, scope.namespace));
    Ok(())
}

fn trust_domain(
    value: &str,
    scope: &Scope<'_>,
    into: &mut Patterns<PeerPattern>,
) -> Result<(), ValueProblem> {
    const HELP: &str =
        "write a trust domain such as `cluster.local`, with at most one `*`, at its start or end";
    let refuse = |what: &str| Err((format!("`{value}` {what}"), HELP));
    if value.contains('/') {
        return refuse("has a `/`, which no trust domain has");
    }
    let stars = value.matches('*').count();
    if stars > 1 || (stars == 1 && !value.starts_with('*') && !value.ends_with('*')) {
        return refuse("has more than one `*`, or one in the middle");
    }
    let values = expand_trust_domain(value, scope.trust_domains);
    scope.growth.add(value, values.iter().map(String::len))?;
    values
        .iter()
        .for_each(|value| into.push(PeerPattern::trust_domain(value)));
    Ok(())
}

fn block(value: &str, into: &mut Patterns<Block>) -> Result<(), ValueProblem> {
    into.push(Block::parse(value)?);
    Ok(())
}

fn port(value: &str, into: &mut Patterns<u16>) -> Result<(), ValueProblem> {
    let digits = value.bytes().all(|byte| byte.is_ascii_digit());
    let port = value.parse::<u16>().ok().filter(|_| digits).ok_or_else(|| {
        (
            format!("`{value}` is not a port"),
            "write the workload's port, a number from 0 to 65535",
        )
    })?;
    into.push(port);
    Ok(())
}
