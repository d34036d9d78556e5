//! The change for a line: its outcome before, and with the new policies.

use std::collections::BTreeSet;

use peerwarden_documents::documents::Document;
use peerwarden_documents::setup::Setup;
use peerwarden_documents::yaml::Node;
use peerwarden_engine::Attribute;
use schemars::JsonSchema;
use serde::Serialize;

use super::judge::{LineJudgement, Policies};
use crate::access_log::{Entry, Outcome};

/// What changes for a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// It was allowed, and would be denied.
    NewlyDenied,
    /// It was denied, and would be allowed.
    NewlyAllowed,
    /// The verdict depends on values that are not in the line.
    Unknown,
    /// It would be denied; the line does not have the outcome.
    Denied,
    /// It would be allowed; the line does not have the outcome.
    Allowed,
    /// The verdict depends on values that are not in the line, but it does not change.
    StillUnknown,
    /// It was denied, and would still be denied.
    StillDenied,
    /// It was allowed, and would still be allowed.
    StillAllowed,
}

/// What the new verdicts are compared with.
pub enum Baseline {
    /// The outcome in the log.
    Log,
    /// The verdicts of these policies.
    Policies(Box<Policies>),
}

/// The policies that differ between old and new. They show that nothing changes for some traffic, even if its verdict
/// is unknown.
pub struct PolicyDifference {
    old: Policies,
    new: Policies,
}

impl PolicyDifference {
    /// `None` if other things than rules differ: modes, external authorizers, or the default for traffic that no rule
    /// matches.
    pub fn between(old: &Setup, new: &Setup, compiled: (&Policies, &Policies)) -> Option<Self> {
        let rest = |setup: &Setup, other: &Setup| {
            let is_there =
                |document: &Document| other.resources.iter().any(|other| other.node == document.node);
            let differing = setup.resources.iter().filter(|document| !is_there(document));
            let differing: Vec<Document> = differing.cloned().collect();
            let rules = differing.iter().all(|document| {
                let action = document.node.at(&["spec", "action"]).and_then(Node::as_str);
                document.text("kind") == "AuthorizationPolicy" && action != Some("CUSTOM")
            });
            let setup = Setup {
                resources: differing,
                ..setup.clone()
            };
            rules.then(|| Policies::new(&setup).ok())?
        };
        let same = compiled.0.without_rules() == compiled.1.without_rules();
        Some(Self {
            old: rest(old, new).filter(|_| same)?,
            new: rest(new, old)?,
        })
    }

    /// Whether a rule that differs may match, as far as the line shows: otherwise nothing changes.
    fn is_about(&self, entry: &Entry) -> bool {
        self.old.may_match(entry) || self.new.may_match(entry)
    }
}

/// A line before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineComparison {
    /// The change.
    pub change: Change,
    /// The rule that decides after; for newly allowed traffic, the rule that denied before.
    pub rule: String,
    /// The values that the line would need for a verdict.
    pub lacks: BTreeSet<Attribute>,
}

impl LineComparison {
    /// Compares a line.
    pub fn of(
        entry: &Entry,
        before: &Baseline,
        after: &Policies,
        differing: Option<&PolicyDifference>,
    ) -> Self {
        let judged = after.judge(entry);
        if judged.verdict.is_none() && differing.is_some_and(|differing| !differing.is_about(entry)) {
            return Self {
                change: Change::StillUnknown,
                ..Self::unknown(judged)
            };
        }
        let before = match before {
            Baseline::Log => match &entry.happened {
                None => None,
                Some(Outcome::Allowed) => Some(true),
                Some(Outcome::Denied(_)) => Some(false),
            },
            Baseline::Policies(policies) => {
                let old = policies.judge(entry);
                match (old.verdict, judged.verdict) {
                    (Some(verdict), _) => Some(verdict),
                    (None, None) => None,
                    // The earlier outcome depends on values that are not in the line, and so does whether it changes.
                    (None, Some(_)) => return Self::unknown(old),
                }
            }
        };
        let change = match (before, judged.verdict) {
            (_, None) => return Self::unknown(judged),
            (Some(true), Some(false)) => Change::NewlyDenied,
            (Some(false), Some(true)) => Change::NewlyAllowed,
            (Some(true), Some(true)) => Change::StillAllowed,
            (Some(false), Some(false)) => Change::StillDenied,
            (None, Some(true)) => Change::Allowed,
            (None, Some(false)) => Change::Denied,
        };
        Self {
            change,
            rule: judged.rule,
            lacks: BTreeSet::new(),
        }
    }

    fn unknown(judged: LineJudgement) -> Self {
        Self {
            change: Change::Unknown,
            rule: judged.rule,
            lacks: judged.lacks,
        }
    }
}

impl Change {
    /// All changes, in the order of reports.
    pub const ALL: [Self; 8] = [
        Self::NewlyDenied,
        Self::NewlyAllowed,
        Self::Unknown,
        Self::Denied,
        Self::Allowed,
        Self::StillUnknown,
        Self::StillDenied,
        Self::StillAllowed,
    ];

    /// Words for a sentence about lines.
    pub fn words(self) -> &'static str {
        match self {
            Self::NewlyDenied => "newly denied",
            Self::NewlyAllowed => "newly allowed",
            Self::Unknown => "unknown",
            Self::Denied => "denied",
            Self::Allowed => "allowed",
            Self::StillUnknown => "unknown, and the same as before",
            Self::StillDenied => "still denied",
            Self::StillAllowed => "still allowed",
        }
    }
}
