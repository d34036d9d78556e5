//! A token that the filter refuses, and the answer to it.

use std::fmt;

use peerwarden_engine::reference::Outcome;
use peerwarden_engine::{Kind, Reason, RuleId, Verdict};

use crate::answer::{Answer, Decision, RuleRef};

/// A request with a token that meets no rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedToken {
    /// The document that refuses it.
    pub by: RuleRef,
    /// The reason, in words.
    pub why: String,
    /// The HTTP status of the answer.
    pub status: u16,
}

impl RefusedToken {
    /// The answer that reports show.
    pub fn answer(&self) -> Answer {
        Answer {
            decision: Decision {
                allowed: false,
                by: Some(self.by.clone()),
                reason: Reason::InvalidToken,
            },
            shadow: None,
            audited: None,
        }
    }

    /// The same as an outcome of the reference evaluator.
    pub fn outcome(&self) -> Outcome {
        Outcome {
            verdict: Verdict::Deny,
            by: Some(RuleId {
                kind: Kind::RequestAuthentication,
                namespace: self.by.namespace.as_str().into(),
                name: self.by.name.as_str().into(),
                rule: self.by.rule,
            }),
            reason: Reason::InvalidToken,
        }
    }
}

/// `` the token has none of the audiences `orders` (RequestAuthentication shop/jwt[0]): answered 403, and no policy is
/// evaluated ``.
impl fmt::Display for RefusedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { by, why, status } = self;
        write!(f, "{why} ({by}): answered {status}, and no policy is evaluated")
    }
}
