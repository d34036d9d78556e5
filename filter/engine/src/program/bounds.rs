//! Bounds of a decision when some attributes are unknown.
//!
//! A requirement whose attribute is unknown may turn out true or false. More true requirements can only make the rules
//! above them true (`not…` is inside a requirement), so two evaluations bound all possible outcomes: one in which every
//! such requirement of DENY holds and none of ALLOW, and the reverse. If both give the same verdict, it is the verdict
//! whatever the attributes are. Attributes that are known not to be established count in both as they do in the
//! decision itself.

use std::collections::BTreeSet;

use super::Program;
use super::actions::{Actions, denied};
use super::answers::Answers;
use super::custom::CustomRules;
use super::truth::Doubt;
use crate::attribute::{Attribute, AttributeSource};
use crate::decision::{Decision, Reason, Verdict};

/// The possible results of a decision when some attributes are unknown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bounds<'p> {
    /// The verdict is the same whatever the unknown attributes are. Its rule certainly matches, but is not always the first by
    /// id.
    Certain(Decision<'p>),
    /// It depends on unknown attributes.
    Open(OpenDecision<'p>),
}

/// A decision that depends on unknown attributes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenDecision<'p> {
    /// How it may be denied.
    pub denied: Decision<'p>,
    /// How it may be allowed.
    pub allowed: Decision<'p>,
    /// The unknown attributes that it depends on.
    pub lacks: BTreeSet<Attribute>,
}

impl Program {
    /// The verdict on a request that no rule matches.
    pub fn without_rules(&self) -> Verdict {
        match self.enforced.allow {
            None => Verdict::Allow,
            Some(_) => Verdict::Deny,
        }
    }

    /// Decides when `source` does not know everything: here [`Unavailable`](crate::Lookup::Unavailable) stands for any value, for
    /// none, and for one that could not be established. An external authorizer may answer anything.
    pub fn bounds(&self, source: &dyn AttributeSource) -> Bounds<'_> {
        let answers = Answers::new(source, self.paths);
        let mode = self.modes.possible(&answers, self.protocol);
        if let (Some(refused), true) = (mode.refused, mode.certain) {
            return Bounds::Certain(refused);
        }
        let custom: Vec<CustomDenial<'_>> = self
            .custom
            .iter()
            .filter_map(|custom| custom_denial(custom, &answers))
            .collect();
        if let Some(certain) = custom.iter().find(|custom| custom.lacks.is_empty()) {
            return Bounds::Certain(certain.denied);
        }
        let (rules, allowed) = match self.enforced.bounds(&answers) {
            Bounds::Certain(decision) if decision.verdict == Verdict::Deny => {
                return Bounds::Certain(decision);
            }
            Bounds::Certain(decision) => (None, decision),
            Bounds::Open(open) => (Some((open.denied, open.lacks)), open.allowed),
        };
        // What comes first is reported, and what is missing for any of them.
        let mode = mode.refused.map(|refused| (refused, mode.lacks));
        let custom = custom.into_iter().map(|custom| (custom.denied, custom.lacks));
        let mut may_deny = mode.into_iter().chain(custom).chain(rules);
        let Some((denied, mut lacks)) = may_deny.next() else {
            return Bounds::Certain(allowed);
        };
        may_deny.for_each(|(_, more)| lacks.extend(more));
        Bounds::Open(OpenDecision {
            denied,
            allowed,
            lacks,
        })
    }
}

/// The denial that the rules of one provider may cause, with the unknown attributes that it depends on.
struct CustomDenial<'p> {
    denied: Decision<'p>,
    lacks: BTreeSet<Attribute>,
}

/// The denial that CUSTOM rules may cause: the answer of an authorizer is unknown. `None` if no rule can match.
fn custom_denial<'p>(custom: &'p CustomRules, answers: &Answers<'_>) -> Option<CustomDenial<'p>> {
    let certain = custom.rules.first_match(answers, Doubt::CertainlyMatches);
    let (by, mut lacks) = match certain {
        Some(by) => (by, BTreeSet::new()),
        None => custom.rules.first_possible(answers, Doubt::Matches)?,
    };
    let reason = match &custom.authorizer {
        Ok(named) => {
            lacks.insert(Attribute::Authorizer(named.provider.clone()));
            Reason::AuthorizerDenied
        }
        Err(_) => Reason::ProviderUnusable,
    };
    Some(CustomDenial {
        denied: denied(by, reason),
        lacks,
    })
}

impl Actions {
    fn bounds(&self, answers: &Answers<'_>) -> Bounds<'_> {
        let no_rule = |verdict, reason| Decision {
            verdict,
            by: None,
            reason,
        };
        if let Some(by) = self.deny.first_match(answers, Doubt::CertainlyMatches) {
            return Bounds::Certain(denied(by, Reason::DenyRule));
        }
        let deny = self.deny.first_possible(answers, Doubt::Matches);
        let deny = deny.map(|(by, lacks)| (denied(by, Reason::DenyRule), lacks));
        let allowing = |by| Decision {
            verdict: Verdict::Allow,
            by: Some(by),
            reason: Reason::AllowRule,
        };
        let (allowed, allow_lacks) = match &self.allow {
            None => (no_rule(Verdict::Allow, Reason::NoAllowPolicy), None),
            Some(rules) => match rules.first_match(answers, Doubt::DoesNotMatch) {
                Some(by) => (allowing(by), None),
                None => match rules.first_possible(answers, Doubt::PossiblyMatches) {
                    Some((by, lacks)) => (allowing(by), Some(lacks)),
                    None => return Bounds::Certain(no_rule(Verdict::Deny, Reason::NoAllowRuleMatched)),
                },
            },
        };
        let implicit = no_rule(Verdict::Deny, Reason::NoAllowRuleMatched);
        match (deny, allow_lacks) {
            (None, None) => Bounds::Certain(allowed),
            (Some((denied, lacks)), None) => Bounds::Open(OpenDecision {
                denied,
                allowed,
                lacks,
            }),
            (None, Some(lacks)) => Bounds::Open(OpenDecision {
                denied: implicit,
                allowed,
                lacks,
            }),
            (Some((denied, mut lacks)), Some(more)) => {
                lacks.extend(more);
                Bounds::Open(OpenDecision {
                    denied,
                    allowed,
                    lacks,
                })
            }
        }
    }
}
