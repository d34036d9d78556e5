//! HTTP: one decision for each request, in its headers; while external authorizers are asked, the request is held.

use std::rc::Rc;

use peerwarden_engine::{Judgement, Reason, Step, Verdict};

use crate::abi::{self, Action, Headers, HostError};
use crate::attributes::{Attributes, Layer, decode_pairs, encode_pairs};
use crate::authorizer::{Answers, Change, Denial, Outcome, PendingCall, Progress};
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
    /// The external authorizer that is being asked.
    waiting: Option<Box<PendingCall>>,
    /// What those have said that were asked; most requests ask nobody.
    answers: Option<Box<Answers>>,
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
            answers: None,
        }
    }

    fn attributes(&self) -> Attributes {
        Attributes::of_request(self.configuration.sources())
    }

    /// Whether a configuration that took the place of the request's own denies what that one allows; it is then answered.
    fn newer_denies(&self) -> bool {
        let attributes_by = |newer: &Configuration| Attributes::of_request(newer.sources());
        self.opener.newer_denies(
            attributes_by,
            DeniedSubject::Request,
            self.providers(),
            |judgement| deny(judgement, Some(&Denial::default())),
        )
    }

    /// The providers that were asked.
    fn providers(&self) -> &[String] {
        self.answers.as_ref().map_or(&[], |answers| &answers.providers)
    }

    /// An external authorizer has answered: changes the request, and asks the next one, or decides and lets it go on or not.
    fn answered(&mut self, call: &PendingCall, outcome: Outcome) {
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
            deny(None, None);
            return;
        };
        // They come first: the other policies, and the authorizers to come, judge the request as it goes on.
        if apply(Headers::Request, &outcome.request).is_err() {
            report::error(
                "the request could not be changed as the external authorizer requires; it is denied",
            );
            deny(None, None);
            return;
        }
        let attributes = self.attributes();
        let on = (Layer::Http, configuration.report);
        let answers = self.answers.get_or_insert_default();
        let progress = answers.answered(&loaded.program, call, outcome, &attributes, on);
        if self.comes_to(progress, &attributes) {
            self.passes = abi::continue_request().is_ok();
            if !self.passes {
                report::error("an allowed request could not be resumed; it is held");
            }
        }
    }

    /// Whether it may go on. If not, it is answered or waits.
    fn comes_to(&mut self, progress: Progress<'_>, attributes: &Attributes) -> bool {
        let judgement = match progress {
            Progress::Decided(judgement) => judgement,
            Progress::Waiting(call) => {
                self.opener.awaits(&call);
                self.waiting = Some(call);
                return false;
            }
        };
        let is_allowed = judgement.decision.verdict == Verdict::Allow;
        if is_allowed && self.newer_denies() {
            return false;
        }
        let answers = self.answers.as_deref();
        report::decided(
            Some(&judgement),
            attributes,
            DeniedSubject::Request,
            answers.and_then(|answers| answers.failure.as_deref()),
            &*self.configuration,
        );
        if is_allowed {
            self.open = self.opener.allow(&Allowance {
                attributes,
                providers: self.providers(),
            });
            lock::mark(&self.configuration.lock, Layer::Http);
        } else {
            deny(Some(&judgement), answers.map(|answers| &answers.denial));
        }
        is_allowed
    }
}

/// Answers with the denial that the decision calls for; `external` is what the authorizer has to say.
fn deny(judgement: Option<&Judgement<'_>>, external: Option<&Denial>) {
    if respond(judgement, external).is_err() {
        report::error("the denial could not be sent; the request is held");
    }
}

/// Denies a request about which nothing is known.
pub(crate) fn deny_unknown() {
    deny(None, None);
}

fn respond(judgement: Option<&Judgement<'_>>, external: Option<&Denial>) -> Result<(), HostError> {
    let decision = judgement.map(|judgement| &judgement.decision);
    let details = report::details(decision);
    match (decision.map(|decision| decision.reason), external) {
        (Some(Reason::AuthorizerDenied | Reason::AuthorizerFailed), Some(external)) => {
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
            deny(None, None);
            return Action::Pause;
        };
        let progress = match loaded.program.begin(&attributes, configuration.report) {
            Step::Decided(judgement) => Progress::Decided(judgement),
            step @ Step::Ask(_) => {
                let answers = self.answers.get_or_insert_default();
                let on = (Layer::Http, configuration.report);
                answers.go_on(&loaded.program, step, &attributes, on)
            }
        };
        self.passes = self.comes_to(progress, &attributes);
        if self.passes {
            Action::Continue
        } else {
            Action::Pause
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
        if let Some(answers) = &mut self.answers
            && apply(Headers::Response, &std::mem::take(&mut answers.response)).is_err()
        {
            report::error("the response could not be changed as the external authorizer requires");
        }
    }

    /// The token of the pending call.
    pub(crate) fn waits_for(&self) -> Option<u32> {
        self.waiting.as_deref().map(PendingCall::token)
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
