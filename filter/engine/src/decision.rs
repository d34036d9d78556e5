//! The outcome of a decision: data, never an error.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use crate::resource::MtlsMode;

/// What was decided, by which document and rule, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision<'p> {
    /// Allowed or denied.
    pub verdict: Verdict,
    /// What decided; `None` when no rule did.
    pub by: Option<&'p RuleId>,
    /// Why.
    pub reason: Reason,
}

/// A decision, with what dry runs and AUDIT rules say; they have no effect on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judgement<'p> {
    /// What is enforced.
    pub decision: Decision<'p>,
    /// What would be decided if the dry-run policies were enforced too, DENY and ALLOW together; `None` when no dry-run
    /// policy applies to the workload.
    pub shadow: Option<Decision<'p>>,
    /// The AUDIT rule that marks this for the log, the first by id. Nothing that the mutual TLS mode refuses is marked.
    pub audited: Option<&'p RuleId>,
}

/// Allowed or denied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// It may pass.
    Allow,
    /// It must not.
    Deny,
}

impl Verdict {
    /// The spelling in reports and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Allow => "allow",
            Verdict::Deny => "deny",
        }
    }
}

/// The kind of document that decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A rule of an `AuthorizationPolicy`.
    AuthorizationPolicy,
    /// The mode of a `PeerAuthentication`.
    PeerAuthentication,
    /// A rule of a `RequestAuthentication`, which the filter before the module enforces. The engine's own decisions never
    /// name one.
    RequestAuthentication,
}

impl Kind {
    /// The spelling in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::AuthorizationPolicy => "AuthorizationPolicy",
            Kind::PeerAuthentication => "PeerAuthentication",
            Kind::RequestAuthentication => "RequestAuthentication",
        }
    }
}

/// The document, and the rule in it, that decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleId {
    /// What kind of document.
    pub kind: Kind,
    /// Its namespace; rules of one document share it.
    pub namespace: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// The rule, counted from 0; `None` for a document that has no rules.
    pub rule: Option<usize>,
}

impl RuleId {
    /// Orders ids as texts, as Envoy's map of policies does, but without building the texts: there may be thousands.
    pub(crate) fn cmp_id(&self, other: &Self) -> Ordering {
        // In an id a bracket follows each part, and no part has one.
        let name = |one: &str, other: &str| one.bytes().chain([b']']).cmp(other.bytes().chain([b']']));
        let rule = |by: &Self| by.rule.into_iter().flat_map(|rule| digits(rule).chain([b']']));
        name(&self.namespace, &other.namespace)
            .then_with(|| name(&self.name, &other.name))
            .then_with(|| rule(self).cmp(rule(other)))
    }
}

fn digits(number: usize) -> impl Iterator<Item = u8> {
    let places = number.checked_ilog10().unwrap_or(0);
    (0..=places).rev().map(move |place| {
        let digit = number.div_euclid(10_usize.saturating_pow(place)).rem_euclid(10);
        b'0'.saturating_add(u8::try_from(digit).unwrap_or(0))
    })
}

/// Istio's id of a rule, `ns[NAMESPACE]-policy[NAME]-rule[INDEX]`, as access logs and dashboards know it.
impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // In pieces: it is written with each denial, and a format string costs as much as a decision.
        for piece in ["ns[", &self.namespace, "]-policy[", &self.name, "]"] {
            f.write_str(piece)?;
        }
        if let Some(rule) = self.rule {
            f.write_str("-rule[")?;
            rule.fmt(f)?;
            f.write_str("]")?;
        }
        Ok(())
    }
}

/// Why a decision allows or denies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// No ALLOW policy applies to the workload, and no DENY rule matched.
    NoAllowPolicy,
    /// A rule of an ALLOW policy matched.
    AllowRule,
    /// A rule of a DENY policy matched.
    DenyRule,
    /// ALLOW policies apply to the workload, and none of their rules matched.
    NoAllowRuleMatched,
    /// The port accepts only mutual TLS, and the connection has no verified peer.
    MtlsRequired,
    /// The port accepts only plaintext, and the connection came over TLS.
    MtlsDisabled,
    /// A rule of a CUSTOM policy matched, and the external authorizer said no.
    AuthorizerDenied,
    /// A rule of a CUSTOM policy matched, and the external authorizer could not be asked or gave no usable answer.
    AuthorizerFailed,
    /// A rule of a CUSTOM policy matched, whose provider is missing or misconfigured, or is one of several.
    ProviderUnusable,
    /// The connection was held until its peer was known, and the deadline passed before.
    DeadlinePassed,
    /// The filter before the module refused a token, so no policy was evaluated. The engine itself never decides with this
    /// reason.
    InvalidToken,
}

impl Reason {
    /// All reasons.
    pub const ALL: [Self; 11] = [
        Self::NoAllowPolicy,
        Self::AllowRule,
        Self::DenyRule,
        Self::NoAllowRuleMatched,
        Self::MtlsRequired,
        Self::MtlsDisabled,
        Self::AuthorizerDenied,
        Self::AuthorizerFailed,
        Self::ProviderUnusable,
        Self::DeadlinePassed,
        Self::InvalidToken,
    ];

    /// A word for logs and machine-readable reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Reason::NoAllowPolicy => "no-allow-policy",
            Reason::AllowRule => "allow-rule",
            Reason::DenyRule => "deny-rule",
            Reason::NoAllowRuleMatched => "no-allow-rule-matched",
            Reason::MtlsRequired => "mtls-required",
            Reason::MtlsDisabled => "mtls-disabled",
            Reason::AuthorizerDenied => "authorizer-denied",
            Reason::AuthorizerFailed => "authorizer-failed",
            Reason::ProviderUnusable => "provider-unusable",
            Reason::DeadlinePassed => "deadline-passed",
            Reason::InvalidToken => "invalid-token",
        }
    }

    /// The reason that a word stands for.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == word)
    }

    /// The reason whose sentence a text begins with, as in the module's log.
    pub fn at_start_of(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|reason| text.starts_with(&reason.to_string()))
    }

    /// The mode that decided, when a mode did.
    pub fn mode(self) -> Option<MtlsMode> {
        match self {
            Reason::MtlsRequired => Some(MtlsMode::Strict),
            Reason::MtlsDisabled => Some(MtlsMode::Disable),
            Reason::NoAllowPolicy
            | Reason::AllowRule
            | Reason::DenyRule
            | Reason::NoAllowRuleMatched
            | Reason::AuthorizerDenied
            | Reason::AuthorizerFailed
            | Reason::ProviderUnusable
            | Reason::DeadlinePassed
            | Reason::InvalidToken => None,
        }
    }
}

/// A sentence without a full stop.
impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Reason::NoAllowPolicy => "no ALLOW policy applies to the workload and no DENY rule matched",
            Reason::AllowRule => "a rule of an ALLOW policy matched",
            Reason::DenyRule => "a rule of a DENY policy matched",
            Reason::NoAllowRuleMatched => {
                "ALLOW policies apply to the workload and none of their rules matched"
            }
            Reason::MtlsRequired => "the port takes mutual TLS only and the peer is not verified",
            Reason::MtlsDisabled => "the port takes plaintext only and the connection came over TLS",
            Reason::AuthorizerDenied => "a rule of a CUSTOM policy matched and the external authorizer denied",
            Reason::AuthorizerFailed => {
                "a rule of a CUSTOM policy matched and the external authorizer gave no usable answer"
            }
            Reason::ProviderUnusable => {
                "a rule of a CUSTOM policy matched and its provider is missing, misconfigured or one of several"
            }
            Reason::DeadlinePassed => "the connection was held and its peer was not known by the deadline",
            Reason::InvalidToken => "a token was refused before any policy was evaluated",
        })
    }
}

/// One line: verdict, why, and by what.
impl fmt::Display for Decision<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.verdict.as_str(), self.reason)?;
        match self.by {
            Some(by) => write!(f, " ({} {by})", by.kind.as_str()),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, Reason, RuleId};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn each_reason_is_known_by_its_word_and_its_sentence() {
        for reason in Reason::ALL {
            assert_eq!(Reason::parse(reason.as_str()), Some(reason));
            let logged = format!("{reason}: AuthorizationPolicy ns[a]-policy[b]-rule[0]");
            assert_eq!(Reason::at_start_of(&logged), Some(reason));
        }
        assert_eq!(Reason::at_start_of("no policy applies"), None);
    }

    #[test]
    fn ids_are_in_the_order_of_their_texts() {
        let mut all = Vec::new();
        for namespace in ["a", "a-b", "ab", "a b", "B", "a~"] {
            for name in ["p", "p1", "p-1", "p~", "P"] {
                for rule in [0, 1, 2, 9, 10, 11, 100, 101, 512] {
                    all.push(RuleId {
                        kind: Kind::AuthorizationPolicy,
                        namespace: namespace.into(),
                        name: name.into(),
                        rule: Some(rule),
                    });
                }
            }
        }
        for one in &all {
            for other in &all {
                let texts = one.to_string().cmp(&other.to_string());
                assert_eq!(one.cmp_id(other), texts, "{one} and {other}");
            }
        }
    }
}
