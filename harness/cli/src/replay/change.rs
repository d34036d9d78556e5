//! What becomes of a line: before, and by the policies that are tried.

use std::collections::BTreeSet;

use peerwarden_engine::Attribute;
use schemars::JsonSchema;
use serde::Serialize;

use super::judge::{Judged, Policies};
use crate::access_log::{Entry, Happened};

/// What changes for a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Change {
    /// It passed, and would be denied.
    NewlyDenied,
    /// It was denied, and would pass.
    NewlyAllowed,
    /// What would become of it hangs on what the line does not tell.
    Unknown,
    /// It would be denied; what became of it the line does not say.
    Denied,
    /// It would pass; what became of it the line does not say.
    Allowed,
    /// It was denied, and still would be.
    StillDenied,
    /// It passed, and still would.
    StillAllowed,
}

/// What is compared with.
pub(crate) enum Before {
    /// What the log says happened.
    Log,
    /// What these policies say.
    Policies(Box<Policies>),
}

/// A line before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Compared {
    pub(crate) change: Change,
    /// What decides after; of what is newly allowed, what denied it before.
    pub(crate) rule: String,
    pub(crate) lacks: BTreeSet<Attribute>,
}

impl Compared {
    /// Judges a line.
    pub(crate) fn of(entry: &Entry, before: &Before, after: &Policies) -> Self {
        let judged = after.judge(entry);
        let before = match before {
            Before::Log => match &entry.happened {
                None => None,
                Some(Happened::Allowed) => Some(true),
                Some(Happened::Denied(_)) => Some(false),
            },
            Before::Policies(policies) => {
                let old = policies.judge(entry);
                match (old.verdict, judged.verdict) {
                    (Some(verdict), _) => Some(verdict),
                    (None, None) => None,
                    // What it was hangs on what the line does not tell: so does whether it changes.
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

    fn unknown(judged: Judged) -> Self {
        Self {
            change: Change::Unknown,
            rule: judged.rule,
            lacks: judged.lacks,
        }
    }
}

impl Change {
    /// All, in the order in which they are reported.
    pub(crate) const ALL: [Self; 7] = [
        Self::NewlyDenied,
        Self::NewlyAllowed,
        Self::Unknown,
        Self::Denied,
        Self::Allowed,
        Self::StillDenied,
        Self::StillAllowed,
    ];

    /// For people, in a sentence about lines.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::NewlyDenied => "newly denied",
            Self::NewlyAllowed => "newly allowed",
            Self::Unknown => "unknown",
            Self::Denied => "denied",
            Self::Allowed => "allowed",
            Self::StillDenied => "still denied",
            Self::StillAllowed => "still allowed",
        }
    }
}
