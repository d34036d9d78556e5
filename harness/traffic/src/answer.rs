//! The answer of an engine.

use std::fmt;

use peerwarden_engine::{Judgement, Reason, RuleId, Verdict};
use schemars::JsonSchema;
use serde::Serialize;

/// The answer of an engine about one case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The decision.
    pub decision: Decision,
    /// The decision if the dry-run policies were enforced; `None` if there are none.
    pub shadow: Option<Decision>,
    /// The AUDIT rule that marks the case for the log.
    pub audited: Option<RuleRef>,
}

/// An owned decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Whether it was allowed.
    pub allowed: bool,
    /// What decided; `None` if no document did.
    pub by: Option<RuleRef>,
    /// The reason.
    pub reason: Reason,
}

/// The document, and the rule in it, that decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RuleRef {
    /// Its kind.
    pub kind: String,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The rule's index, counted from 0; `None` for a document without rules.
    pub rule: Option<usize>,
}

impl Decision {
    /// `allow` or `deny`.
    pub fn verdict(&self) -> &'static str {
        if self.allowed { "allow" } else { "deny" }
    }

    /// Parses the filter state that the module writes for access logs: `VERDICT REASON [KIND ID]`.
    pub fn from_filter_state(state: &str) -> Option<Self> {
        let mut words = state.splitn(4, ' ');
        let allowed = match words.next()? {
            "allow" => true,
            "deny" => false,
            _ => return None,
        };
        let reason = Reason::parse(words.next()?)?;
        let by = match (words.next(), words.next()) {
            (None, _) => None,
            (Some(kind), Some(id)) => Some(RuleRef::from_id(kind, id)?),
            (Some(_), None) => return None,
        };
        Some(Self { allowed, by, reason })
    }
}

impl RuleRef {
    /// Parses `ns[NAMESPACE]-policy[NAME]-rule[INDEX]`.
    pub fn from_id(kind: &str, id: &str) -> Option<Self> {
        let (namespace, rest) = id.strip_prefix("ns[")?.split_once("]-policy[")?;
        let rest = rest.strip_suffix(']')?;
        // Only the last one can be the rule: a name may contain anything, and a mode has no rules.
        let (name, rule) = match rest.rsplit_once("]-rule[") {
            Some((name, rule)) if kind != "PeerAuthentication" => (name, Some(rule.parse().ok()?)),
            Some(_) | None => (rest, None),
        };
        Some(Self {
            kind: kind.to_owned(),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            rule,
        })
    }

    /// The id in access logs.
    pub fn id(&self) -> String {
        let rule = self.rule.map(|rule| format!("-rule[{rule}]")).unwrap_or_default();
        format!("ns[{}]-policy[{}]{rule}", self.namespace, self.name)
    }
}

impl From<&RuleId> for RuleRef {
    fn from(by: &RuleId) -> Self {
        Self {
            kind: by.kind.as_str().to_owned(),
            namespace: by.namespace.to_string(),
            name: by.name.to_string(),
            rule: by.rule,
        }
    }
}

impl From<Judgement<'_>> for Answer {
    fn from(judgement: Judgement<'_>) -> Self {
        Self {
            decision: judgement.decision.into(),
            shadow: judgement.shadow.map(Decision::from),
            audited: judgement.audited.map(RuleRef::from),
        }
    }
}

impl From<peerwarden_engine::Decision<'_>> for Decision {
    fn from(decision: peerwarden_engine::Decision<'_>) -> Self {
        Self {
            allowed: decision.verdict == Verdict::Allow,
            by: decision.by.map(RuleRef::from),
            reason: decision.reason,
        }
    }
}

/// The notation of suites: `shop/orders[2]`, with the kind if it is not the usual one.
impl fmt::Display for RuleRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.kind != "AuthorizationPolicy" {
            write!(f, "{} ", self.kind)?;
        }
        write!(f, "{}/{}", self.namespace, self.name)?;
        match self.rule {
            Some(rule) => write!(f, "[{rule}]"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.decision.fmt(f)?;
        if let Some(shadow) = &self.shadow {
            write!(f, "; dry run: {shadow}")?;
        }
        match &self.audited {
            Some(by) => write!(f, "; audited by {by}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.by {
            Some(by) => write!(f, "{} by {by} ({})", self.verdict(), self.reason.as_str()),
            None => write!(f, "{} by no rule ({})", self.verdict(), self.reason.as_str()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_module_writes() {
        let answer =
            Decision::from_filter_state("deny deny-rule AuthorizationPolicy ns[shop]-policy[a.b]-rule[12]");
        let answer = answer.unwrap();
        assert!(!answer.allowed);
        assert_eq!(answer.to_string(), "deny by shop/a.b[12] (deny-rule)");
        assert_eq!(answer.by.unwrap().id(), "ns[shop]-policy[a.b]-rule[12]");
        let answer =
            Decision::from_filter_state("deny mtls-required PeerAuthentication ns[x]-policy[default]")
                .unwrap();
        assert_eq!(answer.by.unwrap().to_string(), "PeerAuthentication x/default");
        let answer = Decision::from_filter_state(
            "allow allow-rule AuthorizationPolicy ns[x]-policy[a b]-rule[3]-rule[0]",
        );
        assert_eq!(
            answer.unwrap().to_string(),
            "allow by x/a b]-rule[3[0] (allow-rule)"
        );
        assert_eq!(
            Decision::from_filter_state("allow no-allow-policy")
                .unwrap()
                .to_string(),
            "allow by no rule (no-allow-policy)"
        );
    }

    #[test]
    fn believes_nothing_else() {
        for state in [
            "",
            "allow",
            "maybe allow-rule",
            "deny not-configured",
            "allow allow-rule AuthorizationPolicy",
            "allow allow-rule AuthorizationPolicy shop/orders",
            "deny deny-rule AuthorizationPolicy ns[shop]-policy[a]-rule[x]",
        ] {
            assert_eq!(Decision::from_filter_state(state), None, "{state}");
        }
    }
}
