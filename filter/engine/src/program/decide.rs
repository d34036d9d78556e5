//! The order of a decision: mutual TLS mode, CUSTOM, DENY, ALLOW.

use super::Program;
use super::actions::denied;
use super::answers::Answers;
use super::custom::Custom;
use super::truth::Doubt;
use crate::attribute::AttributeSource;
use crate::config::Report;
use crate::decision::{Decision, Judgement, Reason, RuleId};
use crate::provider::{Authorizer, ExternalAnswer, ExternalAuthorizers};

/// How far a decision comes without anybody else.
#[derive(Debug, Clone, Copy)]
pub enum Step<'p> {
    /// To its end.
    Decided(Judgement<'p>),
    /// To a CUSTOM rule that matched: its authorizer must be asked, and [`Program::answered`] goes on from there.
    Ask(Question<'p>),
}

/// What an external authorizer must be asked.
#[derive(Debug, Clone, Copy)]
pub struct Question<'p> {
    /// The name of its provider.
    pub provider: &'p str,
    /// How it is asked.
    pub authorizer: &'p Authorizer,
    /// The CUSTOM rule that matched, the first by id.
    pub by: &'p RuleId,
}

impl Program {
    /// Decides: mutual TLS mode, then CUSTOM, then DENY, then ALLOW
    /// (<https://istio.io/latest/docs/concepts/security/#implicit-enablement>). Cannot fail: an attribute that could
    /// not be established counts as a match for CUSTOM and DENY and as no match for ALLOW.
    ///
    /// Says also what else the documents have to say: never asks twice for an attribute, and for none that only a dry run or
    /// an AUDIT rule would need when there are none. With [`Report::Denied`] a decision that allows names a rule that matches, not
    /// always the first by id: nothing is asked for to find out which is.
    pub fn begin(&self, source: &dyn AttributeSource, report: Report) -> Step<'_> {
        let answers = Answers::new(source, self.paths);
        if let Some(decision) = self.modes.decide(&answers, self.protocol) {
            return Step::Decided(self.settled(decision));
        }
        let custom = self.custom.as_ref();
        match custom.and_then(|custom| Some((custom, custom.first_match(&answers)?))) {
            None => Step::Decided(self.conclude(&answers, report)),
            Some((custom, by)) => match &custom.authorizer {
                Ok(named) => Step::Ask(Question {
                    provider: &named.provider,
                    authorizer: &named.authorizer,
                    by,
                }),
                Err(_) => Step::Decided(self.settled(denied(by, Reason::ProviderUnusable))),
            },
        }
    }

    /// Goes on from the [`Question`] about the CUSTOM rule `by`, with its answer: a no ends with denial, a yes leaves it to the
    /// other policies, a failure is a no unless the provider's `failOpen` says otherwise.
    ///
    /// `source` may tell more than it did when the question was put, such as headers that the authorizer added.
    pub fn answered<'a>(
        &'a self,
        by: &'a RuleId,
        answer: ExternalAnswer,
        source: &dyn AttributeSource,
        report: Report,
    ) -> Judgement<'a> {
        let refused = match answer {
            ExternalAnswer::Allow => None,
            ExternalAnswer::Deny => Some(Reason::AuthorizerDenied),
            ExternalAnswer::Failed => {
                let open = self.custom.as_ref().is_some_and(Custom::fails_open);
                (!open).then_some(Reason::AuthorizerFailed)
            }
            ExternalAnswer::Unaskable => Some(Reason::AuthorizerFailed),
        };
        match refused {
            Some(reason) => self.settled(denied(by, reason)),
            None => self.conclude(&Answers::new(source, self.paths), report),
        }
    }

    /// Decides where every answer is at hand.
    pub fn judge(&self, source: &dyn AttributeSource, external: &dyn ExternalAuthorizers) -> Judgement<'_> {
        match self.begin(source, Report::All) {
            Step::Decided(judgement) => judgement,
            Step::Ask(question) => {
                let answer = external.answer(question.provider);
                self.answered(question.by, answer, source, Report::All)
            }
        }
    }

    /// What is decided before any dry run or AUDIT rule is looked at: the same with and without them.
    fn settled<'a>(&self, decision: Decision<'a>) -> Judgement<'a> {
        Judgement {
            decision,
            shadow: self.shadow.as_ref().map(|_| decision),
            audited: None,
        }
    }

    /// DENY, then ALLOW.
    fn conclude(&self, answers: &Answers<'_>, report: Report) -> Judgement<'_> {
        Judgement {
            decision: self.enforced.decide(answers, report),
            shadow: self
                .shadow
                .as_ref()
                .map(|shadow| shadow.decide(answers, Report::All)),
            audited: self.audit.first_match(answers, Doubt::Matches),
        }
    }
}
