//! The order of a decision: mutual TLS mode, CUSTOM, DENY, ALLOW.

use super::Program;
use super::actions::denied;
use super::answers::Answers;
use super::custom::CustomRules;
use super::truth::Doubt;
use crate::attribute::AttributeSource;
use crate::config::Report;
use crate::decision::{Decision, Judgement, Reason, RuleId};
use crate::provider::{Authorizer, ExternalAnswer, ExternalAuthorizers};

/// How far a decision comes until somebody else must be asked.
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
        match self.modes.decide(&answers, self.protocol) {
            Some(decision) => Step::Decided(self.settled(decision)),
            None => self.go_on(&self.custom, &answers, report),
        }
    }

    /// Goes on from the [`Question`] to `provider` about the CUSTOM rule `by`, with its answer: a no ends with denial, a yes leaves it
    /// to the providers that come after and the other policies, a failure is a no unless the provider's `failOpen` says otherwise.
    ///
    /// `source` may tell more than it did when the question was put, such as headers that the authorizer added.
    pub fn answered<'a>(
        &'a self,
        provider: &str,
        by: &'a RuleId,
        answer: ExternalAnswer,
        source: &dyn AttributeSource,
        report: Report,
    ) -> Step<'a> {
        let asked = self.custom.iter().position(|custom| custom.asks(provider));
        let rest = asked.and_then(|asked| self.custom.get(asked..)?.split_first());
        let after = match (answer, rest) {
            (ExternalAnswer::Allow, Some((_, after))) => Ok(after),
            (ExternalAnswer::Deny, _) => Err(Reason::AuthorizerDenied),
            (ExternalAnswer::Failed, Some((asked, after))) if asked.fails_open() => Ok(after),
            // The last: an answer of somebody who is not asked here.
            (ExternalAnswer::Failed | ExternalAnswer::Unaskable, _) | (ExternalAnswer::Allow, None) => {
                Err(Reason::AuthorizerFailed)
            }
        };
        match after {
            Ok(after) => self.go_on(after, &Answers::new(source, self.paths), report),
            Err(reason) => Step::Decided(self.settled(denied(by, reason))),
        }
    }

    /// CUSTOM, as far as it is not settled, then DENY and ALLOW.
    fn go_on<'a>(&'a self, custom: &'a [CustomRules], answers: &Answers<'_>, report: Report) -> Step<'a> {
        for custom in custom {
            if let Some(by) = custom.first_match(answers) {
                return match &custom.authorizer {
                    Ok(named) => Step::Ask(Question {
                        provider: &named.provider,
                        authorizer: &named.authorizer,
                        by,
                    }),
                    Err(_) => Step::Decided(self.settled(denied(by, Reason::ProviderUnusable))),
                };
            }
        }
        Step::Decided(self.conclude(answers, report))
    }

    /// Decides where every answer is at hand.
    pub fn judge(&self, source: &dyn AttributeSource, external: &dyn ExternalAuthorizers) -> Judgement<'_> {
        let mut step = self.begin(source, Report::All);
        loop {
            match step {
                Step::Decided(judgement) => return judgement,
                Step::Ask(Question { provider, by, .. }) => {
                    step = self.answered(provider, by, external.answer(provider), source, Report::All);
                }
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
