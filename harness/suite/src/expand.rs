//! Expands tables and shorthands to cases with everything resolved.

use std::collections::BTreeSet;
use std::sync::Arc;

use peerwarden_documents::count::counted;
use peerwarden_documents::diagnostic::Diagnostic;
use peerwarden_documents::source::Source;
use peerwarden_documents::yaml;
use peerwarden_traffic::ExpectedRule;
use peerwarden_traffic::Traffic;
use serde_saphyr::Location;

use crate::case::Case;
use crate::fixtures::Definitions;
use crate::shorthand::{checked, from_line, known, traffic};
use crate::suite_file::{Caller, CaseEntry, Request, Suite, Verdict};

/// The cases of a suite: first those of its tables, then the single ones.
///
/// # Errors
/// Unknown names, shorthands that cannot be read, impossible traffic.
pub(super) fn cases(
    suite: &Suite,
    known: &Definitions,
    source: &Arc<Source>,
) -> Result<Vec<Case>, Vec<Diagnostic>> {
    let mut expansion = Expansion {
        suite,
        known,
        source,
        cases: Vec::new(),
        wrong: Vec::new(),
        names: BTreeSet::new(),
    };
    expansion.definitions();
    // An invalid definition would be reported again wherever it is used.
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
    known: &'s Definitions,
    source: &'s Arc<Source>,
    cases: Vec<Case>,
    wrong: Vec<Diagnostic>,
    names: BTreeSet<String>,
}

impl Expansion<'_> {
    fn wrong(&mut self, location: &Location, message: impl Into<String>, help: impl Into<String>) {
        self.wrong_in(self.source, location, message, help);
    }

    fn wrong_in(
        &mut self,
        source: &Arc<Source>,
        location: &Location,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let place = yaml::place(source, location);
        self.wrong.push(Diagnostic::error(message).at(place).help(help));
    }

    /// Checks peers and requests by themselves, used or not.
    fn definitions(&mut self) {
        let known = self.known;
        for (name, request) in &known.requests {
            let wrong = match &request.value.value {
                Request::Line(line) if from_line(line).is_none() => Some((
                    format!("`{line}` is not a request"),
                    "write `METHOD /path` or `tcp PORT`, or a mapping".to_owned(),
                )),
                Request::Line(_) | Request::Full(_) => traffic(None, &request.value.value, [].iter())
                    .and_then(checked)
                    .err(),
            };
            if let Some((message, help)) = wrong {
                self.wrong_in(
                    &request.source,
                    &request.value.referenced,
                    format!("request `{name}`: {message}"),
                    help,
                );
            }
        }
        let anything = Request::Full(Box::default());
        for (name, peer) in &known.peers {
            if let Err((message, help)) =
                traffic(Some(&peer.value.value), &anything, [].iter()).and_then(checked)
            {
                self.wrong_in(
                    &peer.source,
                    &peer.value.referenced,
                    format!("peer `{name}`: {message}"),
                    help,
                );
            }
        }
    }

    fn matrices(&mut self) {
        let (suite, names) = (self.suite, self.known);
        for matrix in &suite.matrix {
            let (at, matrix) = (&matrix.referenced, &matrix.value);
            for (peer, row) in &matrix.expect {
                let word = Caller::Word(peer.clone());
                let caller = match names.caller(&word) {
                    Ok(caller) => caller,
                    Err((message, help)) => {
                        self.wrong(&row.referenced, message, help);
                        continue;
                    }
                };
                if row.value.len() != matrix.requests.len() {
                    let message = format!(
                        "the row of `{peer}` has {} for {}",
                        counted(row.value.len() as u64, "verdict"),
                        counted(matrix.requests.len() as u64, "request")
                    );
                    self.wrong(
                        &row.referenced,
                        message,
                        "write one verdict for each request, in the same order",
                    );
                    continue;
                }
                for (request, verdict) in matrix.requests.iter().zip(&row.value) {
                    let Some(asked) = names.requests.get(&request.value) else {
                        let known = known(names.requests.keys());
                        self.wrong(
                            &request.referenced,
                            format!("there is no request `{}`", request.value),
                            known,
                        );
                        continue;
                    };
                    let name = format!("{peer}: {}", request.value);
                    self.add(
                        name,
                        Some(caller),
                        &asked.value.value,
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

    fn case(&mut self, written: &CaseEntry) {
        let names = self.known;
        let location = &written.expect.referenced;
        let by = match written.by.as_ref() {
            None => None,
            Some(by) => match ExpectedRule::parse(&by.value) {
                Some(by) => Some(by),
                None => {
                    let help = "write `none`, `NAME`, `NAMESPACE/NAME` or `NAMESPACE/NAME[RULE]`";
                    return self.wrong(&by.referenced, format!("`{}` names no rule", by.value), help);
                }
            },
        };
        if let Some(traffic) = &written.traffic {
            if written.peer.is_some() || written.request.is_some() {
                let help = "remove one of them";
                return self.wrong(
                    &traffic.referenced,
                    "`traffic` is used together with `peer` or `request`",
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
                "the case has no request",
                "add a `request`, or `traffic`",
            );
        };
        let peer = match &written.peer {
            None => None,
            Some(peer) => match names.caller(&peer.value) {
                Ok(caller) => Some(caller),
                Err((message, help)) => return self.wrong(&peer.referenced, message, help),
            },
        };
        let inline = written.peer.as_ref().zip(peer);
        if let Some((written, peer)) = inline.filter(|(written, peer)| std::ptr::eq(&written.value, *peer))
            && let Err((message, help)) =
                traffic(Some(peer), &Request::Full(Box::default()), [].iter()).and_then(checked)
        {
            return self.wrong(&written.referenced, format!("the peer: {message}"), help);
        }
        let named = match &request.value {
            Request::Line(line) => names
                .requests
                .get(line)
                .map_or(&request.value, |named| &named.value.value),
            Request::Full(_) => &request.value,
        };
        if let Err((message, help)) = traffic(None, named, names.requests.keys()).and_then(checked) {
            return self.wrong(&request.referenced, message, help);
        }
        let name = written.name.clone().unwrap_or_else(|| {
            let peer = match written.peer.as_ref().map(|peer| &peer.value) {
                None => Some("plaintext"),
                Some(Caller::Word(word)) => Some(word.as_str()),
                Some(Caller::Described(described)) => described.spiffe.as_deref(),
            };
            match (peer, &request.value) {
                (Some(peer), Request::Line(line)) => format!("{peer}: {line}"),
                (Some(peer), Request::Full(_)) => format!("{peer}: case {}", self.cases.len() + 1),
                (None, Request::Line(line)) => format!("case {}: {line}", self.cases.len() + 1),
                (None, Request::Full(_)) => format!("case {}", self.cases.len() + 1),
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
        by: Option<ExpectedRule>,
        skip: Option<String>,
    ) {
        match traffic(peer, request, self.known.requests.keys()) {
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
        by: Option<ExpectedRule>,
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
                "write the reason: `skip: until …`",
            );
        }
        if !self.names.insert(name.clone()) {
            return self.wrong(
                location,
                format!("duplicate case name `{name}`"),
                "rename one of them",
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
