//! The trace for programs.

use anyhow::{Context, Result};
use peerwarden_engine::ExternalAnswer;
use peerwarden_engine::reference::{
    ClauseResult, ClauseTrace, CustomTrace, PartTrace, PolicyTrace, RuleTrace, TcpReading,
};
use serde_json::{Value, json};

use super::Explained;
use crate::engine::{Decided, DecidedBy};

/// One JSON document.
///
/// # Errors
/// That it cannot be written.
pub(crate) fn text(explained: &Explained<'_>) -> Result<String> {
    let Explained {
        traffic,
        trace,
        answer,
        module,
    } = explained;
    let document = json!({
        "decision": answer.decision.verdict(),
        "by": answer.decision.by,
        "reason": answer.decision.reason.as_str(),
        "why": answer.decision.reason.to_string(),
        "shadow": answer.shadow.as_ref().map(Decided::json),
        "audited": answer.audited,
        "traffic": traffic,
        "mode": {
            "mode": trace.mode.mode.as_str(),
            "setBy": trace.mode.set_by.as_ref().map(DecidedBy::from),
            "port": trace.mode.port,
            "peer": trace.mode.peer,
            "refused": trace.mode.refused.map(peerwarden_engine::Reason::as_str),
        },
        "custom": trace.custom.as_ref().map(custom),
        "policies": trace.policies.iter().map(policy).collect::<Vec<_>>(),
        "module": module.map(|module| json!({"path": module.path, "sha256": module.sha256})),
    });
    let text = serde_json::to_string_pretty(&document).context("the trace cannot be written as JSON")?;
    Ok(text + "\n")
}

fn custom(custom: &CustomTrace) -> Value {
    json!({
        "by": DecidedBy::from(&custom.by),
        "providers": custom.providers,
        "answer": custom.answer.map(|answer| match answer {
            ExternalAnswer::Allow => "allow",
            ExternalAnswer::Deny => "deny",
            ExternalAnswer::Failed | ExternalAnswer::Unaskable => "fail",
        }),
        "refused": custom.refused.map(peerwarden_engine::Reason::as_str),
    })
}

fn policy(policy: &PolicyTrace) -> Value {
    json!({
        "namespace": policy.namespace,
        "name": policy.name,
        "action": policy.action.as_str(),
        "dryRun": policy.dry_run,
        "notApplied": policy.not_applied,
        "rules": policy.rules.iter().map(rule).collect::<Vec<_>>(),
    })
}

fn rule(rule: &RuleTrace) -> Value {
    let parts = |parts: &[PartTrace]| parts.iter().map(part).collect::<Vec<_>>();
    json!({
        "rule": rule.index,
        "matched": rule.matched,
        "onTcp": match rule.tcp {
            TcpReading::AsWritten => "as-written",
            TcpReading::Dropped => "dropped",
            TcpReading::Widened => "widened",
        },
        "from": parts(&rule.sources),
        "to": parts(&rule.operations),
        "when": parts(&rule.conditions),
    })
}

fn part(part: &PartTrace) -> Value {
    json!({
        "path": part.path,
        "matched": part.matched,
        "clauses": part.clauses.iter().map(clause).collect::<Vec<_>>(),
    })
}

fn clause(clause: &ClauseTrace) -> Value {
    json!({
        "path": clause.path,
        "field": clause.field,
        "values": clause.values,
        "result": match clause.result {
            ClauseResult::Held => "held",
            ClauseResult::Failed => "failed",
            ClauseResult::Unavailable => "unavailable",
            ClauseResult::HttpOnly => "http-only",
        },
        "found": clause.found,
    })
}
