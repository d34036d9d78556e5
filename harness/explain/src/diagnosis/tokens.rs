//! What the filter ahead of the module, which verifies tokens, adds to an explanation.

use peerwarden_documents::source::Place;
use peerwarden_engine::Kind;
use peerwarden_engine::reference::Trace;
use peerwarden_engine::resource::RequestAuthentication;
use peerwarden_traffic::{RuleRef, TokenResult, Traffic};

use super::Explainer;

impl Explainer<'_> {
    /// The result of the filter ahead for the tokens; `None` if no `RequestAuthentication` applies.
    pub fn tokens<'t>(&self, traffic: &'t Traffic) -> Option<TokenResult<'t>> {
        self.tokens.applies().then(|| self.tokens.pass(traffic))
    }

    /// Why the filter ahead refuses a token before any policy is evaluated.
    pub fn refused_token(&self, traffic: &Traffic) -> Option<String> {
        match self.tokens.pass(traffic) {
            TokenResult::Passed(_) => None,
            TokenResult::Refused(refused) => Some(refused.to_string()),
        }
    }

    pub(super) fn behind_tokens(
        &self,
        traffic: &Traffic,
        evaluate: impl FnOnce(&peerwarden_engine::Traffic) -> Trace,
    ) -> Trace {
        match self.tokens.pass(traffic) {
            TokenResult::Passed(passed) => evaluate(&passed.traffic.as_ref().into()),
            TokenResult::Refused(refused) => {
                let without = Traffic {
                    jwt: None,
                    ..traffic.clone()
                };
                Trace {
                    outcome: refused.outcome(),
                    shadow: None,
                    audited: None,
                    ..evaluate(&(&without).into())
                }
            }
        }
    }

    /// The place of a rule of a `RequestAuthentication`.
    pub(super) fn token_rule(&self, by: &RuleRef) -> Option<Place> {
        let rules = self.config.token_rules();
        let rule = rules.iter().find(|rule| {
            let metadata = &rule.document.metadata;
            (&metadata.namespace, &metadata.name, Some(rule.index)) == (&by.namespace, &by.name, by.rule)
        })?;
        self.place(
            &rule.document.metadata.place,
            &RequestAuthentication::rule_path(rule.index),
        )
    }
}

/// Whether a document about tokens decided.
pub(super) fn decide(by: &RuleRef) -> bool {
    by.kind == Kind::RequestAuthentication.as_str()
}
