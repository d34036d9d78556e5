//! A trace of the reference evaluator.

use super::CustomTrace;
use crate::decision::{Reason, RuleId, Verdict};
use crate::document::Path;
use crate::resource::{Action, MtlsMode};

/// A decision with every step that led to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// What was decided.
    pub outcome: Outcome,
    /// The mutual TLS mode that applied.
    pub mode: ModeTrace,
    /// The external authorizers that were asked, in order, each with its answer; if one refused, it is the last.
    pub custom: Vec<CustomTrace>,
    /// What would be decided if the dry-run policies were enforced; `None` when none applies.
    pub shadow: Option<Outcome>,
    /// The AUDIT rule that marks this for the log.
    pub audited: Option<RuleId>,
    /// Every authorization policy, in the order given.
    pub policies: Vec<PolicyTrace>,
}

/// A decision that owns its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Allowed or denied.
    pub verdict: Verdict,
    /// What decided; `None` when no rule did.
    pub by: Option<RuleId>,
    /// Why.
    pub reason: Reason,
}

/// The mutual TLS mode, and what it decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModeTrace {
    /// The mode of the port; of the most demanding port when the port is not known.
    pub mode: MtlsMode,
    /// The `PeerAuthentication` that set it; `None` for the default.
    pub set_by: Option<RuleId>,
    /// The port, when it is known.
    pub port: Option<u16>,
    /// The peer, for people.
    pub peer: String,
    /// Why the connection was refused, if it was.
    pub refused: Option<Reason>,
}

/// One policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyTrace {
    /// Where the document stands in the configuration, such as `resources[3]`.
    pub place: Path,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its action.
    pub action: Action,
    /// Whether it is a dry run, which has no effect.
    pub dry_run: bool,
    /// The provider that a CUSTOM policy names.
    pub provider: Option<String>,
    /// Why it says nothing about this workload; `None` when it does.
    pub not_applied: Option<String>,
    /// Its rules.
    pub rules: Vec<RuleTrace>,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleTrace {
    /// Counted from 0.
    pub index: usize,
    /// Whether it matched.
    pub matched: bool,
    /// How HTTP-only fields changed it on TCP.
    pub tcp: TcpReading,
    /// Its sources, ORed; no entry means everything.
    pub sources: Vec<PartTrace>,
    /// Its operations, ORed; no entry means everything.
    pub operations: Vec<PartTrace>,
    /// Its conditions, ANDed.
    pub conditions: Vec<PartTrace>,
}

/// How HTTP-only fields change a rule on TCP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TcpReading {
    /// As written.
    AsWritten,
    /// An ALLOW rule with an HTTP-only field: dropped whole on TCP.
    Dropped,
    /// Another rule with HTTP-only fields: these dropped on TCP, so that the rule is wider than written.
    Widened,
}

/// One source, operation or condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartTrace {
    /// Where it stands, such as `spec.rules[0].from[1].source`.
    pub path: Path,
    /// Whether all its clauses held.
    pub matched: bool,
    /// Its fields; `x` and `notX` are two.
    pub clauses: Vec<ClauseTrace>,
}

/// One field with its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClauseTrace {
    /// Where it stands, such as `spec.rules[0].from[1].source.notPrincipals`.
    pub path: Path,
    /// The field or the condition's key, such as `notPrincipals` or `request.headers[x-team]`.
    pub field: String,
    /// True for `not…`: none of the values may match.
    pub negative: bool,
    /// The values as written.
    pub values: Vec<String>,
    /// For each of the values, whether it matches; none does if the attribute is missing.
    pub matched: Vec<bool>,
    /// Its result.
    pub result: ClauseResult,
    /// The value of the attribute, for people; `None` when the attribute is missing.
    pub found: Option<String>,
}

/// The result of a clause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClauseResult {
    /// It held.
    Held,
    /// It did not.
    Failed,
    /// The attribute could not be established: counts as held for DENY, as failed for ALLOW.
    Unavailable,
    /// The field means nothing on TCP.
    HttpOnly,
}
