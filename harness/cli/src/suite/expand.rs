//! From tables and shorthands to cases with everything resolved.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_saphyr::Location;

use super::format::{Asked, Caller, Described, Request, Suite, Verdict, Written};
use super::{Case, ExpectedBy};
use crate::diagnostic::Diagnostic;
use crate::source::Source;
use crate::traffic::{Http, Peer, Protocol, Tls, Traffic};
use crate::yaml;

/// The cases of a suite: those of its tables first, then the single ones.
///
/// # Errors
/// Names that are not there, shorthands that cannot be read, traffic that cannot exist.
pub(super) fn cases(suite: &Suite, source: &Arc<Source>) -> Result<Vec<Case>, Vec<Diagnostic>> {
    let mut expansion = Expansion {
        suite,
        source,
        cases: Vec::new(),
        wrong: Vec::new(),
        names: BTreeSet::new(),
    };
    expansion.definitions();
    // What is defined wrongly would be wrong again wherever it is used.
    if expansion.wrong.is_empty() {
        expansion.matrices();
        for written in &suite.cases {
            expansion.case(written);
        }
    }
    if expansion.wrong.is_empty() {
        Ok(expansion.cases)
    } else {
        Err(expansion.wrong)
    }
}

struct Expansion<'s> {
    suite: &'s Suite,
    source: &'s Arc<Source>,
    cases: Vec<Case>,
    wrong: Vec<Diagnostic>,
    names: BTreeSet<String>,
}

impl Expansion<'_> {
    fn wrong(&mut self, location: &Location, message: impl Into<String>, help: impl Into<String>) {
        let place = yaml::place(self.source, location);
        self.wrong.push(Diagnostic::error(message).at(place).help(help));
    }

    /// Peers and requests by themselves, used or not.
    fn definitions(&mut self) {
        let suite = self.suite;
        for (name, request) in &suite.requests {
            let wrong = match &request.value {
                Request::Line(line) if from_line(line).is_none() => Some((
                    format!("`{line}` is no request"),
                    "write `METHOD /path` or `tcp PORT`, or a mapping".to_owned(),
                )),
                Request::Line(_) | Request::Full(_) => {
                    traffic(None, &request.value, [].iter()).and_then(checked).err()
                }
            };
            if let Some((message, help)) = wrong {
                self.wrong(&request.referenced, format!("request `{name}`: {message}"), help);
            }
        }
        let anything = Request::Full(Box::default());
        for (name, peer) in &suite.peers {
            if let Err((message, help)) = traffic(Some(&peer.value), &anything, [].iter()).and_then(checked) {
                self.wrong(&peer.referenced, format!("peer `{name}`: {message}"), help);
            }
        }
    }

    fn matrices(&mut self) {
        let suite = self.suite;
        for matrix in &suite.matrix {
            let (at, matrix) = (&matrix.referenced, &matrix.value);
            for (peer, row) in &matrix.expect {
                if !suite.peers.contains_key(peer) {
                    let known = known(suite.peers.keys());
                    self.wrong(&row.referenced, format!("there is no peer `{peer}`"), known);
                    continue;
                }
                if row.value.len() != matrix.requests.len() {
                    let message = format!(
                        "the row of `{peer}` has {} verdicts for {} requests",
                        row.value.len(),
                        matrix.requests.len()
                    );
                    self.wrong(
                        &row.referenced,
                        message,
                        "write one verdict for each request, in their order",
                    );
                    continue;
                }
                for (request, verdict) in matrix.requests.iter().zip(&row.value) {
                    let Some(asked) = suite.requests.get(&request.value) else {
                        let known = known(suite.requests.keys());
                        self.wrong(
                            &request.referenced,
                            format!("there is no request `{}`", request.value),
                            known,
                        );
                        continue;
                    };
                    let name = format!("{peer}: {}", request.value);
                    let peer = suite.peers.get(peer).map(|peer| &peer.value);
                    self.add(
                        name,
                        peer,
                        &asked.value,
                        verdict.value,
                        &verdict.referenced,
                        None,
                        None,
                    );
                }
            }
            if matrix.requests.is_empty() || matrix.expect.is_empty() {
                self.wrong(
                    at,
                    "the matrix has no cell",
                    "name at least one request and one peer",
                );
            }
        }
    }

    fn case(&mut self, written: &Written) {
        let suite = self.suite;
        let location = &written.expect.referenced;
        let by = match written.by.as_ref() {
            None => None,
            Some(by) => match ExpectedBy::parse(&by.value) {
                Some(by) => Some(by),
                None => {
                    let help = "write `none`, `NAME`, `NAMESPACE/NAME` or `NAMESPACE/NAME[RULE]`";
                    return self.wrong(&by.referenced, format!("`{}` names no rule", by.value), help);
                }
            },
        };
        if let Some(traffic) = &written.traffic {
            if written.peer.is_some() || written.request.is_some() {
                let help = "keep one of them";
                return self.wrong(
                    &traffic.referenced,
                    "`traffic` stands beside `peer` or `request`",
                    help,
                );
            }
            let name = written
                .name
                .clone()
                .unwrap_or_else(|| format!("case {}", self.cases.len() + 1));
            return self.push(
                name,
                traffic.value.clone(),
                written.expect.value,
                location,
                by,
                written.skip.clone(),
            );
        }
        let Some(request) = &written.request else {
            return self.wrong(
                location,
                "the case asks nothing",
                "give it a `request`, or `traffic` in full",
            );
        };
        let peer = match &written.peer {
            None => None,
            Some(peer) => match suite.peers.get(&peer.value) {
                Some(peer) => Some(&peer.value),
                None => {
                    let help = known(suite.peers.keys());
                    return self.wrong(
                        &peer.referenced,
                        format!("there is no peer `{}`", peer.value),
                        help,
                    );
                }
            },
        };
        let named = match &request.value {
            Request::Line(line) => suite
                .requests
                .get(line)
                .map_or(&request.value, |named| &named.value),
            Request::Full(_) => &request.value,
        };
        if let Err((message, help)) = traffic(None, named, suite.requests.keys()).and_then(checked) {
            return self.wrong(&request.referenced, message, help);
        }
        let name = written.name.clone().unwrap_or_else(|| {
            let peer = written
                .peer
                .as_ref()
                .map_or("plaintext", |peer| peer.value.as_str());
            match &request.value {
                Request::Line(line) => format!("{peer}: {line}"),
                Request::Full(_) => format!("{peer}: case {}", self.cases.len() + 1),
            }
        });
        self.add(
            name,
            peer,
            named,
            written.expect.value,
            location,
            by,
            written.skip.clone(),
        );
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "a case has that many parts, each from another place"
    )]
    fn add(
        &mut self,
        name: String,
        peer: Option<&Caller>,
        request: &Request,
        expect: Verdict,
        location: &Location,
        by: Option<ExpectedBy>,
        skip: Option<String>,
    ) {
        match traffic(peer, request, self.suite.requests.keys()) {
            Ok(traffic) => self.push(name, traffic, expect, location, by, skip),
            Err((message, help)) => self.wrong(location, format!("{name}: {message}"), help),
        }
    }

    fn push(
        &mut self,
        name: String,
        traffic: Traffic,
        expect: Verdict,
        location: &Location,
        by: Option<ExpectedBy>,
        skip: Option<String>,
    ) {
        let traffic = match checked(traffic) {
            Ok(traffic) => traffic,
            Err((message, help)) => return self.wrong(location, format!("{name}: {message}"), help),
        };
        if skip.as_ref().is_some_and(|reason| reason.trim().is_empty()) {
            return self.wrong(
                location,
                format!("{name}: skipped without a reason"),
                "say why: `skip: until …`",
            );
        }
        if !self.names.insert(name.clone()) {
            return self.wrong(
                location,
                format!("two cases are named `{name}`"),
                "give one of them another `name`",
            );
        }
        self.cases.push(Case {
            name,
            traffic,
            allow: expect == Verdict::Allow,
            by,
            skip,
            place: yaml::place(self.source, location),
        });
    }
}

/// What is wrong, and what to write instead.
type Wrong = (String, String);

/// Refuses traffic that cannot exist.
fn checked(traffic: Traffic) -> Result<Traffic, Wrong> {
    match traffic.check() {
        Ok(()) => Ok(traffic),
        Err(impossible) => {
            let text = impossible.to_string();
            let (message, help) = text.split_once("; ").unwrap_or((&text, ""));
            Err((message.to_owned(), help.to_owned()))
        }
    }
}

/// What `peer` sends when it asks for `request`.
fn traffic<'n>(
    peer: Option<&Caller>,
    request: &Request,
    names: impl Iterator<Item = &'n String>,
) -> Result<Traffic, Wrong> {
    let mut traffic = match request {
        Request::Line(line) => from_line(line).ok_or_else(|| {
            let message = format!("`{line}` is neither a name from `requests` nor `METHOD /path`");
            (
                message,
                format!("{}; in short `GET /path` or `tcp 5432`", known(names)),
            )
        })?,
        Request::Full(asked) => from_asked(asked)?,
    };
    match peer {
        None => {}
        Some(Caller::Word(word)) => traffic.tls = tls_of_word(word, traffic.tls.take())?,
        Some(Caller::Described(described)) => describe(described, &mut traffic)?,
    }
    Ok(traffic)
}

fn from_line(line: &str) -> Option<Traffic> {
    let (first, second) = line.split_once(' ')?;
    if first == "tcp" {
        let mut traffic = Traffic {
            protocol: Protocol::Tcp,
            ..Traffic::default()
        };
        traffic.destination.port = Some(second.parse().ok()?);
        return Some(traffic);
    }
    let is_method = !first.is_empty()
        && first
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte == b'-');
    (is_method && second.starts_with('/') && !second.contains(' ')).then(|| Traffic {
        http: Some(Http {
            method: Some(first.to_owned()),
            path: Some(second.to_owned()),
            ..Http::default()
        }),
        ..Traffic::default()
    })
}

fn from_asked(asked: &Asked) -> Result<Traffic, Wrong> {
    let short =
        asked.method.is_some() || asked.host.is_some() || asked.path.is_some() || !asked.headers.is_empty();
    if short && asked.http.is_some() {
        let message = "`http` stands beside its own fields".to_owned();
        return Err((
            message,
            "put `method`, `host`, `path` and `headers` in one place".to_owned(),
        ));
    }
    if asked.port.is_some() && asked.destination.port.is_some() {
        return Err((
            "`port` and `destination.port` are both given".to_owned(),
            "keep one".to_owned(),
        ));
    }
    let http = if short {
        Some(Http {
            method: asked.method.clone(),
            host: asked.host.clone(),
            path: asked.path.clone(),
            headers: asked.headers.clone(),
        })
    } else {
        asked.http.clone()
    };
    let path = http.as_ref().and_then(|http| http.path.as_deref());
    if let Some(path) = path.filter(|path| !path.starts_with('/') && *path != "*") {
        return Err((
            format!("the path `{path}` does not start with `/`"),
            "write it as the request line has it, without scheme and host".to_owned(),
        ));
    }
    let mut destination = asked.destination;
    destination.port = destination.port.or(asked.port);
    Ok(Traffic {
        protocol: asked.protocol,
        source: asked.source,
        remote_ip: asked.remote_ip,
        destination,
        tls: asked.sni.as_ref().map(|sni| Tls {
            sni: Some(sni.clone()),
            peer: None,
        }),
        http,
        jwt: asked.jwt.clone(),
        dynamic_metadata: asked.dynamic_metadata.clone(),
    })
}

/// `plaintext`, `no-certificate`, or a URI SAN; the server name stays as the request says.
fn tls_of_word(word: &str, asked: Option<Tls>) -> Result<Option<Tls>, Wrong> {
    let sni = asked.and_then(|tls| tls.sni);
    match word {
        "plaintext" => match sni {
            None => Ok(None),
            Some(_) => Err(("a plaintext connection has no `sni`".to_owned(), "leave it out".to_owned())),
        },
        "no-certificate" => Ok(Some(Tls { sni, peer: None })),
        uri if uri.contains("://") => Ok(Some(Tls {
            sni,
            peer: Some(Peer {
                uri_sans: vec![uri.to_owned()],
                ..Peer::default()
            }),
        })),
        other => Err((
            format!("`{other}` is no peer"),
            "write `plaintext`, `no-certificate`, a SPIFFE ID such as `spiffe://cluster.local/ns/web/sa/frontend`, or a mapping"
                .to_owned(),
        )),
    }
}

fn describe(described: &Described, traffic: &mut Traffic) -> Result<(), Wrong> {
    if let Some(uri) = &described.spiffe {
        if described.tls.as_ref().is_some_and(|tls| tls.peer.is_some()) {
            return Err((
                "the peer has both `spiffe` and `tls.peer`".to_owned(),
                "keep one".to_owned(),
            ));
        }
        let mut tls = described.tls.clone().unwrap_or_default();
        tls.peer = Some(Peer {
            uri_sans: vec![uri.clone()],
            ..Peer::default()
        });
        tls.sni = tls.sni.or_else(|| traffic.tls.take().and_then(|tls| tls.sni));
        traffic.tls = Some(tls);
    } else if let Some(tls) = &described.tls {
        let sni = tls
            .sni
            .clone()
            .or_else(|| traffic.tls.take().and_then(|tls| tls.sni));
        traffic.tls = Some(Tls { sni, ..tls.clone() });
    }
    if let Some(source) = described.source {
        traffic.source = source;
    }
    traffic.remote_ip = described.remote_ip.or(traffic.remote_ip);
    if described.jwt.is_some() && traffic.protocol == Protocol::Http {
        traffic.jwt.clone_from(&described.jwt);
    }
    Ok(())
}

fn known<'n>(names: impl Iterator<Item = &'n String>) -> String {
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    if names.is_empty() {
        "the suite names none".to_owned()
    } else {
        format!("known: {}", names.join(", "))
    }
}

impl ExpectedBy {
    /// Reads `none`, or `[KIND ][NAMESPACE/]NAME[[RULE]]`.
    fn parse(text: &str) -> Option<Self> {
        if text == "none" {
            return Some(Self::None);
        }
        let (kind, rest) = match text.split_once(' ') {
            Some((kind @ ("AuthorizationPolicy" | "PeerAuthentication"), rest)) => {
                (Some(kind.to_owned()), rest)
            }
            Some(_) => return None,
            None => (None, text),
        };
        let (rest, rule) = match rest.strip_suffix(']') {
            Some(rest) => {
                let (rest, rule) = rest.split_once('[')?;
                (rest, Some(rule.parse().ok()?))
            }
            None => (rest, None),
        };
        let (namespace, name) = match rest.split_once('/') {
            Some((namespace, name)) => (Some(namespace.to_owned()), name),
            None => (None, rest),
        };
        if name.is_empty() || namespace.as_ref().is_some_and(String::is_empty) {
            return None;
        }
        Some(Self::Document {
            kind,
            namespace,
            name: name.to_owned(),
            rule,
        })
    }

    /// Whether what decided is what was expected.
    pub(crate) fn holds(&self, by: Option<&crate::engine::DecidedBy>) -> bool {
        match (self, by) {
            (ExpectedBy::None, None) => true,
            (ExpectedBy::None, Some(_)) | (ExpectedBy::Document { .. }, None) => false,
            (
                ExpectedBy::Document {
                    kind,
                    namespace,
                    name,
                    rule,
                },
                Some(by),
            ) => {
                kind.as_ref().is_none_or(|kind| *kind == by.kind)
                    && namespace
                        .as_ref()
                        .is_none_or(|namespace| *namespace == by.namespace)
                    && *name == by.name
                    && (rule.is_none() || *rule == by.rule)
            }
        }
    }
}

impl std::fmt::Display for ExpectedBy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ExpectedBy::Document {
            kind,
            namespace,
            name,
            rule,
        } = self
        else {
            return f.write_str("no rule");
        };
        if let Some(kind) = kind {
            write!(f, "{kind} ")?;
        }
        if let Some(namespace) = namespace {
            write!(f, "{namespace}/")?;
        }
        f.write_str(name)?;
        match rule {
            Some(rule) => write!(f, "[{rule}]"),
            None => Ok(()),
        }
    }
}
