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

/// The state of a decision: made, or waiting for an external authorizer.
#[derive(Debug, Clone, Copy)]
pub enum Step<'p> {
    /// It is made.
    Decided(Judgement<'p>),
    /// A CUSTOM rule matched: its authorizer must be asked, and [`Program::answered`] continues with the answer.
    Ask(Question<'p>),
}

/// The question to an external authorizer.
#[derive(Debug, Clone, Copy)]
pub struct Question<'p> {
    /// The name of its provider.
    pub provider: &'p str,
    /// How to call it.
    pub authorizer: &'p Authorizer,
    /// The CUSTOM rule that matched, the first by id.
    pub by: &'p RuleId,
}

impl Program {
    /// Decides: mutual TLS mode, then CUSTOM, then DENY, then ALLOW
    /// (<https://istio.io/latest/docs/concepts/security/#implicit-enablement>). Cannot fail: an attribute that could
    /// not be established counts as a match for CUSTOM and DENY and as no match for ALLOW.
    ///
    /// The judgement includes dry runs and AUDIT rules. No attribute is read twice, and none for dry runs or AUDIT rules if there are
    /// none. With [`Report::Denied`], a decision that allows names any rule that matches, not always the first by id: no attribute is
    /// read to find the first.
    pub fn begin(&self, source: &dyn AttributeSource, report: Report) -> Step<'_> {
        let answers = Answers::new(source, self.paths);
        match self.modes.decide(&answers, self.protocol) {
            Some(decision) => Step::Decided(self.settled(decision)),
            None => self.go_on(&self.custom, &answers, report),
        }
    }

    /// Continues with the answer to the [`Question`] to `provider` about the CUSTOM rule `by`. A no denies. After a yes, the next
    /// providers and the other policies decide. A failure is a no, unless the provider has `failOpen`.
    ///
    /// `source` may have more than when the question was asked, such as headers that the authorizer added.
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

    /// The rest of CUSTOM, then DENY and ALLOW.
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

    /// Decides with an `external` that has every answer at hand.
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

    /// The decision, before any dry run or AUDIT rule is evaluated: the same with and without them.
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
