//! What no policy was asked about, for programs.

use peerwarden_explain::json::Report;
use peerwarden_logs::access_log::{Refusal, Stage};
use schemars::JsonSchema;
use serde::Serialize;

/// What was refused before any policy was evaluated, or ended later.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct RefusalReport {
    /// Whether it was refused, or ended later.
    #[schemars(extend("enum" = ["refused", "ended"]))]
    decision: &'static str,
    /// Whether that was at the TLS handshake.
    at_handshake: bool,
    /// What was wrong.
    why: &'static str,
}

/// The output of `explain` and `tail` with `--format json`.
#[derive(Debug, JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "for the schema")]
pub(crate) enum ExplainReport {
    /// An explanation.
    Explained(Box<Report>),
    /// For a line of a log: it came to no policy.
    Refused(RefusalReport),
}

impl RefusalReport {
    pub(crate) fn of(refusal: &Refusal) -> Self {
        Self {
            decision: match refusal.stage {
                Stage::Listener | Stage::Handshake | Stage::Request => "refused",
                Stage::Ended => "ended",
            },
            at_handshake: refusal.stage == Stage::Handshake,
            why: refusal.why,
        }
    }
}
