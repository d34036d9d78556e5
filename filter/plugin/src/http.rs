//! HTTP: one decision for each request, on its headers; the request is held while an external authorizer is called.

use std::rc::Rc;

use peerwarden_engine::{Judgement, Reason, Step, Verdict};

use crate::abi::{self, Action, Headers, HostError};
use crate::attributes::{Attributes, Layer, decode_pairs, encode_pairs};
use crate::authorizer::{self, Change, Denial, Outcome, PendingCall};
use crate::configuration::Configuration;
use crate::forbidden;
use crate::lock;
use crate::open::{Allowance, StreamHandle, StreamOpener};
use crate::report::{self, DeniedSubject};

/// One request.
pub(crate) struct Http {
    configuration: Rc<Configuration>,
    opener: StreamOpener,
    /// Whether it was decided: Envoy may be configured not to call the module with the headers.
    begun: bool,
    /// Whether it was allowed. If not, it stays held, in case its answer could not be sent.
    passes: bool,
    /// The timer's state for it once it is allowed.
    open: Option<StreamHandle>,
    /// The pending call to an external authorizer.
    waiting: Option<PendingCall>,
    /// Changes to the response that the authorizer wants.
    response: Vec<Change>,
}

impl Http {
    pub(crate) fn new(configuration: Rc<Configuration>, opener: StreamOpener) -> Self {
        Self {
            configuration,
            opener,
            begun: false,
            passes: false,
            open: None,
            waiting: None,
            response: Vec::new(),
        }
    }

    fn attributes(&self) -> Attributes {
        Attributes::of_request(self.configuration.sources())
    }

    /// Whether a newer configuration denies what the request's own allows; the request is then answered.
    fn newer_denies(&self, provider: Option<&str>) -> bool {
        let attributes_by = |newer: &Configuration| Attributes::of_request(newer.sources());
        self.opener
            .newer_denies(attributes_by, DeniedSubject::Request, provider, |judgement| {
                deny(judgement, &Denial::default());
            })
    }

    /// Handles the external authorizer's answer: changes the request, decides, and continues it or not.
    fn answered(&mut self, waiting: &PendingCall, outcome: Outcome) {
        let configuration = Rc::clone(&self.configuration);
        let Some(loaded) = configuration.loaded() else {
            // Freed while the authorizer was called.
            report::decided(
                None,
                &self.attributes(),
                DeniedSubject::Request,
                None,
                &*configuration,
            );
            deny(None, &Denial::default());
            return;
        };
        // They come first: the other policies judge the changed request.
        if apply(Headers::Request, &outcome.request).is_err() {
            report::error(
                "the request could not be changed as the external authorizer requires; it is denied",
            );
            deny(None, &Denial::default());
            return;
        }
        let attributes = self.attributes();
        let judgement =
            loaded
                .program
                .answered(&waiting.by, outcome.answer, &attributes, configuration.report);
        let failure = outcome.failure.as_deref();
        if judgement.decision.verdict == Verdict::Allow && self.newer_denies(Some(&waiting.provider)) {
            return;
        }
        report::decided(
            Some(&judgement),
            &attributes,
            DeniedSubject::Request,
            failure,
            &*configuration,
        );
        match judgement.decision.verdict {
            Verdict::Allow => {
                self.response = outcome.response;
                self.open = self.opener.allow(&Allowance {
                    attributes: &attributes,
                    provider: Some(&waiting.provider),
                });
                lock::mark(&configuration.lock, Layer::Http);
                self.passes = abi::continue_request().is_ok();
                if !self.passes {
                    report::error("an allowed request could not be resumed; it is held");
                }
            }
            Verdict::Deny => deny(Some(&judgement), &outcome.denial),
        }
    }
}

/// Answers with the denial of the decision; `external` is the authorizer's answer.
fn deny(judgement: Option<&Judgement<'_>>, external: &Denial) {
    if respond(judgement, external).is_err() {
        report::error("the denial could not be sent; the request is held");
    }
}

/// Denies a request about which nothing is known.
pub(crate) fn deny_unknown() {
    deny(None, &Denial::default());
}

fn respond(judgement: Option<&Judgement<'_>>, external: &Denial) -> Result<(), HostError> {
    let decision = judgement.map(|judgement| &judgement.decision);
    let details = report::details(decision);
    match decision.map(|decision| decision.reason) {
        Some(Reason::AuthorizerDenied | Reason::AuthorizerFailed) => {
            let headers = match external.headers.as_slice() {
                [] => Vec::new(),
                [_, ..] => encode_pairs(&external.headers),
            };
            abi::respond(external.status.into(), &details, &external.body, &headers)
        }
        _ => forbidden::answer(&details),
    }
}

fn apply(headers: Headers, changes: &[Change]) -> Result<(), HostError> {
    for change in changes {
        match change {
            Change::Set(name, value) => headers.set(name, value)?,
            Change::Add(name, value) => headers.add(name, value)?,
            Change::Append(name, value) => append(headers, name, value)?,
            Change::AddIfAbsent(name, value) => {
                if !headers.has(name)? {
                    headers.add(name, value)?;
                }
            }
            Change::SetIfPresent(name, value) => {
                if headers.has(name)? {
                    headers.set(name, value)?;
                }
            }
            Change::Remove(name) => headers.remove(name)?,
        }
    }
    Ok(())
}

/// Envoy's `ext_authz` appends to the first line, so that later policies see one value.
fn append(headers: Headers, name: &[u8], value: &[u8]) -> Result<(), HostError> {
    let bytes = headers.pairs()?.unwrap_or_default();
    let lines = decode_pairs(&bytes).ok_or(HostError::UNREADABLE)?;
    let mut lines = lines
        .iter()
        .filter(|(line, _)| line == name)
        .map(|(_, line)| line.as_slice());
    let Some(first) = lines.next() else {
        return Ok(());
    };
    headers.set(name, &[first, b",", value].concat())?;
    lines.try_for_each(|line| headers.add(name, line))
}

impl Http {
    pub(crate) fn on_http_call_response(&mut self, token: u32, headers: u32) {
        if let Some(waiting) = self.waiting.take_if(|waiting| waiting.is_for(token)) {
            let outcome = waiting.http_outcome(headers);
            self.answered(&waiting, outcome);
        }
    }

    pub(crate) fn on_grpc_call_response(&mut self, token: u32, status: u32) {
        if let Some(waiting) = self.waiting.take_if(|waiting| waiting.is_for(token)) {
            let outcome = waiting.grpc_outcome(status);
            self.answered(&waiting, outcome);
        }
    }
}

impl Http {
    pub(crate) fn on_request_headers(&mut self) -> Action {
        self.begun = true;
        let attributes = self.attributes();
        let configuration = Rc::clone(&self.configuration);
        let Some(loaded) = configuration.loaded() else {
            let why = configuration.misplaced.as_deref();
            report::decided(None, &attributes, DeniedSubject::Request, why, &*configuration);
            deny(None, &Denial::default());
            return Action::Pause;
        };
        let mut external = Denial::default();
        let mut failure = None;
        let asked;
        let judgement = match loaded.program.begin(&attributes, configuration.report) {
            Step::Decided(judgement) => judgement,
            Step::Ask(question) => match authorizer::ask(&question, &attributes, Layer::Http) {
                Ok(waiting) => {
                    self.opener.awaits(&waiting);
                    self.waiting = Some(waiting);
                    return Action::Pause;
                }
                Err(outcome) => {
                    asked = *outcome;
                    external.clone_from(&asked.denial);
                    failure = asked.failure.as_deref();
                    loaded
                        .program
                        .answered(question.by, asked.answer, &attributes, configuration.report)
                }
            },
        };
        if judgement.decision.verdict == Verdict::Allow && self.newer_denies(None) {
            return Action::Pause;
        }
        report::decided(
            Some(&judgement),
            &attributes,
            DeniedSubject::Request,
            failure,
            &*configuration,
        );
        match judgement.decision.verdict {
            Verdict::Allow => {
                self.open = self.opener.allow(&Allowance {
                    attributes: &attributes,
                    provider: None,
                });
                lock::mark(&configuration.lock, Layer::Http);
                self.passes = true;
                Action::Continue
            }
            Verdict::Deny => {
                deny(Some(&judgement), &external);
                Action::Pause
            }
        }
    }

    /// Holds the body with the headers, in case Envoy is configured to deliver it before they continue
    /// (`allow_on_headers_stop_iteration`).
    pub(crate) fn on_request_body(&mut self) -> Action {
        self.held()
    }

    pub(crate) fn on_request_trailers(&mut self) -> Action {
        self.held()
    }

    pub(crate) fn on_response_headers(&mut self) {
        if let Some(open) = &self.open {
            open.response_begins();
        }
        if apply(Headers::Response, &std::mem::take(&mut self.response)).is_err() {
            report::error("the response could not be changed as the external authorizer requires");
        }
    }

    /// The token of the pending call.
    pub(crate) fn waits_for(&self) -> Option<u32> {
        self.waiting.as_ref().map(PendingCall::token)
    }

    fn held(&mut self) -> Action {
        if !self.begun {
            return self.on_request_headers();
        }
        if self.passes {
            Action::Continue
        } else {
            Action::Pause
        }
    }
}
