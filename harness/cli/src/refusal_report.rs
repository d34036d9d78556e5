//! JSON report of requests refused before any policy.

use peerwarden_explain::json::Report;
use peerwarden_logs::access_log::{Refusal, Stage};
use schemars::JsonSchema;
use serde::Serialize;

/// Traffic that was refused before any policy was evaluated, or that ended later.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct RefusalReport {
    /// Whether it was refused, or ended later.
    #[schemars(extend("enum" = ["refused", "ended"]))]
    decision: &'static str,
    /// Whether that was at the TLS handshake.
    at_handshake: bool,
    /// The reason.
    why: &'static str,
}

/// The output of `explain` and `tail` with `--format json`.
#[derive(Debug, JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "for the schema")]
pub(crate) enum ExplainReport {
    /// An explanation.
    Explained(Box<Report>),
    /// For a line of a log: traffic that no policy was evaluated for.
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
