//! TCP: one decision for each connection, on the first data in either direction; while external authorizers are asked, the
//! data is held.
//!
//! Nothing is read in `on_new_connection`: the TLS handshake comes after it, so there is no peer yet, and older
//! versions of Envoy remember the empty answer. The client's first bytes arrive decrypted, so the handshake is over by
//! then. The upstream's first bytes may arrive before unless `tcp_proxy` waits (`upstream_connect_mode:
//! ON_DOWNSTREAM_TLS_HANDSHAKE`); a peer that is missing at that time counts as "cannot be established", which denies
//! everything that depends on it.
//!
//! With a `lock` the module names the cluster, without which no upstream connection is made: here in
//! `on_new_connection`, as a sign that the module is present, and the verdict is marked for the filter after it; with
//! `enforcement: hold` once the connection is allowed.
//!
//! With `enforcement: hold` the connection waits in `on_new_connection`, so that no upstream connection is made, and
//! the timer decides (`open/judge.rs`), unless the client sends data first.

use std::rc::Rc;

use peerwarden_engine::{Enforcement, Judgement, Step, Verdict};

use crate::abi::{self, Action};
use crate::attributes::{Attributes, Handshake, Layer};
use crate::authorizer::{Answers, Outcome, PendingCall, Progress};
use crate::configuration::Configuration;
use crate::lock;
use crate::open::{Allowance, Status, StreamHandle, StreamOpener};
use crate::report::{self, DeniedSubject};

/// One connection.
pub(crate) struct Tcp {
    configuration: Rc<Configuration>,
    opener: StreamOpener,
    state: State,
    /// What external authorizers have said; most connections ask nobody.
    answers: Option<Box<Answers>>,
    /// What the timer knows of it: while it is held, and once it is allowed.
    open: Option<StreamHandle>,
    /// Whether it is denied but not closed yet.
    close_due: bool,
}

/// The progress of the decision.
enum State {
    /// No data yet.
    Undecided,
    /// An external authorizer is being called.
    Waiting(Box<PendingCall>),
    Decided(Verdict),
}

impl Tcp {
    pub(crate) fn new(configuration: Rc<Configuration>, opener: StreamOpener) -> Self {
        Self {
            configuration,
            opener,
            state: State::Undecided,
            answers: None,
            open: None,
            close_due: false,
        }
    }

    fn on_data(&mut self, handshake: Handshake) -> Action {
        match self.open.as_ref().map(StreamHandle::status) {
            Some(Status::Allowed) => return Action::Continue,
            Some(Status::Denied) => return Action::Pause,
            Some(Status::Held) | None => {}
        }
        if let State::Undecided = self.state {
            self.decide(handshake);
        }
        match self.state {
            State::Decided(Verdict::Allow) => Action::Continue,
            // Closed, about to be closed, or not decided yet: further data is held.
            State::Decided(Verdict::Deny) | State::Waiting(_) | State::Undecided => Action::Pause,
        }
    }

    fn name_cluster(&self) {
        if lock::name_cluster(&self.configuration.lock).is_err() {
            report::error("the cluster of a connection could not be set; it is not forwarded");
        }
    }

    fn close(&mut self) {
        if std::mem::take(&mut self.close_due) && abi::close_downstream().is_err() {
            report::error("the denied connection could not be closed; its data is held");
        }
    }

    fn attributes(&self, handshake: Handshake) -> Attributes {
        Attributes::of_connection(self.configuration.sources(), handshake)
    }

    fn decide(&mut self, handshake: Handshake) {
        let attributes = self.attributes(handshake);
        let configuration = Rc::clone(&self.configuration);
        let Some(loaded) = configuration.loaded() else {
            self.decided(None, &attributes, configuration.misplaced.as_deref());
            return;
        };
        let progress = match loaded.program.begin(&attributes, configuration.report) {
            Step::Decided(judgement) => Progress::Decided(judgement),
            step @ Step::Ask(_) => {
                let answers = self.answers.get_or_insert_default();
                let on = (Layer::Tcp, configuration.report);
                answers.go_on(&loaded.program, step, &attributes, on)
            }
        };
        self.comes_to(progress, &attributes);
    }

    /// It is decided, or waits.
    fn comes_to(&mut self, progress: Progress<'_>, attributes: &Attributes) {
        match progress {
            Progress::Waiting(call) => {
                self.opener.awaits(&call);
                self.state = State::Waiting(call);
            }
            Progress::Decided(judgement) => {
                let failure = self.answers.as_mut().and_then(|answers| answers.failure.take());
                self.decided(Some(&judgement), attributes, failure.as_deref());
            }
        }
    }

    fn decided(&mut self, judgement: Option<&Judgement<'_>>, attributes: &Attributes, failure: Option<&str>) {
        let mut verdict = judgement.map_or(Verdict::Deny, |judgement| judgement.decision.verdict);
        let handshake = attributes.handshake();
        let asked = DeniedSubject::Connection(handshake);
        let attributes_by = |newer: &Configuration| Attributes::of_connection(newer.sources(), handshake);
        let providers = self
            .answers
            .as_ref()
            .map_or(&[][..], |answers| &answers.providers);
        if verdict == Verdict::Allow && self.opener.newer_denies(attributes_by, asked, providers, |_| {}) {
            verdict = Verdict::Deny;
        } else {
            report::decided(judgement, attributes, asked, failure, &*self.configuration);
        }
        self.state = State::Decided(verdict);
        self.close_due = verdict == Verdict::Deny;
        let allowed = Allowance {
            attributes,
            providers,
        };
        if verdict == Verdict::Allow {
            if self.configuration.tcp.enforcement == Enforcement::Hold {
                self.name_cluster();
            }
            lock::mark(&self.configuration.lock, Layer::Tcp);
        }
        match (verdict, &self.open) {
            (Verdict::Allow, Some(held)) => held.allow(&allowed),
            (Verdict::Allow, None) => self.open = self.opener.allow(&allowed),
            (Verdict::Deny, Some(held)) => held.deny(),
            (Verdict::Deny, None) => {}
        }
    }

    /// An external authorizer has answered: the next one is asked, what was held goes on, or the connection is closed.
    fn answered(&mut self, call: &PendingCall, outcome: Outcome) {
        let configuration = Rc::clone(&self.configuration);
        let attributes = self.attributes(Handshake::Over);
        let Some(loaded) = configuration.loaded() else {
            // Let go of while the authorizer was asked.
            self.decided(None, &attributes, None);
            self.close();
            return;
        };
        let on = (Layer::Tcp, configuration.report);
        let answers = self.answers.get_or_insert_default();
        let progress = answers.answered(&loaded.program, call, outcome, &attributes, on);
        self.comes_to(progress, &attributes);
        match self.state {
            State::Decided(Verdict::Allow) => {
                if abi::continue_downstream().is_err() {
                    report::error("an allowed connection could not be resumed; its data is held");
                }
            }
            State::Decided(Verdict::Deny) | State::Undecided => self.close(),
            State::Waiting(_) => {}
        }
    }

    /// The token of the pending call.
    pub(crate) fn waits_for(&self) -> Option<u32> {
        match &self.state {
            State::Waiting(waiting) => Some(waiting.token()),
            State::Undecided | State::Decided(_) => None,
        }
    }

    /// The pending call, if this is its token.
    fn take_waiting(&mut self, token: u32) -> Option<Box<PendingCall>> {
        match std::mem::replace(&mut self.state, State::Undecided) {
            State::Waiting(waiting) if waiting.is_for(token) => Some(waiting),
            state @ (State::Undecided | State::Waiting(_) | State::Decided(_)) => {
                self.state = state;
                None
            }
        }
    }
}

impl Tcp {
    pub(crate) fn on_grpc_call_response(&mut self, token: u32, status: u32) {
        if let Some(waiting) = self.take_waiting(token) {
            let outcome = waiting.grpc_outcome(status);
            self.answered(&waiting, outcome);
        }
    }
}

impl Tcp {
    pub(crate) fn on_new_connection(&mut self) -> Action {
        if self.configuration.misplaced.is_some() {
            // There is nothing to wait for: it is closed before the upstream is connected to.
            return self.on_upstream_data();
        }
        match self.configuration.tcp.enforcement {
            Enforcement::Handshake => {
                self.name_cluster();
                self.open = Some(self.opener.watch());
                Action::Continue
            }
            Enforcement::Hold => {
                self.open = Some(self.opener.hold());
                Action::Pause
            }
        }
    }

    pub(crate) fn on_downstream_data(&mut self) -> Action {
        let action = self.on_data(Handshake::Over);
        self.close();
        action
    }

    pub(crate) fn on_upstream_data(&mut self) -> Action {
        let action = self.on_data(Handshake::MayBeUnderWay);
        self.close();
        action
    }
}

/// Closes a connection about which nothing is known.
pub(crate) fn deny_unknown() {
    if abi::close_downstream().is_err() {
        report::error("the denied connection could not be closed; its data is held");
    }
}
