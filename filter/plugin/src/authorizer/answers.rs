//! The answers of external authorizers about one request or connection, and how its decision continues.

use peerwarden_engine::{Judgement, Program, Question, Report, Step};

use super::{Change, Denial, Outcome, PendingCall, ask};
use crate::attributes::{Attributes, Layer};

/// What those said that were asked so far.
#[derive(Default)]
pub(crate) struct Answers {
    /// The providers that were asked.
    pub(crate) providers: Vec<String>,
    /// Why one gave no usable answer, for people; of several, the last.
    pub(crate) failure: Option<String>,
    /// What the client gets of a denial by the last one.
    pub(crate) denial: Denial,
    /// What to change in the response to a request that went on. What the last one wants comes first, as a response passes Envoy's
    /// filters in the other direction.
    pub(crate) response: Vec<Change>,
}

/// How far a decision comes.
pub(crate) enum Progress<'l> {
    /// To an external authorizer whose answer must be waited for.
    Waiting(Box<PendingCall>),
    /// To its end.
    Decided(Judgement<'l>),
}

impl Answers {
    fn add(&mut self, provider: &str, outcome: Outcome) {
        self.providers.push(provider.to_owned());
        self.failure = outcome.failure.or(self.failure.take());
        self.denial = outcome.denial;
        let earlier = std::mem::replace(&mut self.response, outcome.response);
        self.response.extend(earlier);
    }

    /// Goes on with the answer to a call. The request is as that answer changed it.
    pub(crate) fn answered<'l>(
        &mut self,
        program: &'l Program,
        call: &'l PendingCall,
        outcome: Outcome,
        attributes: &Attributes,
        (layer, report): (Layer, Report),
    ) -> Progress<'l> {
        let step = program.answered(&call.provider, &call.by, outcome.answer, attributes, report);
        self.add(&call.provider, outcome);
        self.go_on(program, step, attributes, (layer, report))
    }

    /// Goes on until an answer must be waited for, or all is decided.
    pub(crate) fn go_on<'l>(
        &mut self,
        program: &'l Program,
        mut step: Step<'l>,
        attributes: &Attributes,
        (layer, report): (Layer, Report),
    ) -> Progress<'l> {
        loop {
            match step {
                Step::Decided(judgement) => return Progress::Decided(judgement),
                Step::Ask(question) => match ask(&question, attributes, layer) {
                    Ok(call) => return Progress::Waiting(Box::new(call)),
                    Err(outcome) => {
                        let Question { provider, by, .. } = question;
                        step = program.answered(provider, by, outcome.answer, attributes, report);
                        self.add(provider, *outcome);
                    }
                },
            }
        }
    }
}
