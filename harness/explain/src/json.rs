//! The trace for programs.

use anyhow::{Context, Result};
use peerwarden_documents::source::Place;
use peerwarden_engine::ExternalAnswer;
use peerwarden_engine::document::Path;
use peerwarden_engine::reference::{
    ClauseResult, ClauseTrace, CustomTrace, PartTrace, PolicyTrace, RuleTrace, TcpReading,
};
use peerwarden_engine::resource::Rule;
use peerwarden_traffic::{Decision, RuleRef, TokenResult};
use serde_json::{Value, json};

use crate::diagnosis::Explainer;
use crate::explanation::{Explanation, LineVerdict, Subject};

/// One JSON document.
///
/// # Errors
/// If it cannot be written.
pub fn text(explained: &Explanation<'_>) -> Result<String> {
    let Explanation {
        subject,
        explainer,
        trace,
        refusal,
        why,
        module,
    } = explained;
    let decided = explained.decided();
    let answer = match subject {
        Subject::Traffic(_, answer) => Some(*answer),
        Subject::Line(..) => None,
    };
    let lacks = match subject {
        Subject::Line(_, LineVerdict::Hangs(lacks)) => lacks.iter().map(ToString::to_string).collect(),
        Subject::Traffic(..) | Subject::Line(_, LineVerdict::Decided(_)) => Vec::new(),
    };
    let near = why.and_then(|why| why.near_miss.as_ref());
    let document = json!({
        "decision": decided.map_or("unknown", Decision::verdict),
        "by": decided.and_then(|decided| decided.by.as_ref()),
        "reason": decided.map(|decided| decided.reason.as_str()),
        "why": decided.map(|decided| decided.reason.to_string()),
        "lacks": lacks,
        "handshake": refusal,
        "unreached": match subject {
            Subject::Line(line, _) => line.unreached.as_ref(),
            Subject::Traffic(..) => None,
        },
        "nearMiss": near.map(|near| json!({
            "text": near.to_string(),
            "rule": near.rule,
            "place": near.place.as_ref().map(place),
        })),
        "shadow": answer.and_then(|answer| answer.shadow.as_ref()).map(Decision::json),
        "audited": answer.and_then(|answer| answer.audited.as_ref()),
        "traffic": match subject {
            Subject::Traffic(traffic, _) => Some(*traffic),
            Subject::Line(..) => None,
        },
        "mode": {
            "mode": trace.mode.mode.as_str(),
            "setBy": trace.mode.set_by.as_ref().map(RuleRef::from),
            "port": trace.mode.port,
            "peer": trace.mode.peer,
            "refused": trace.mode.refused.map(peerwarden_engine::Reason::as_str),
        },
        "tokens": match subject {
            Subject::Traffic(traffic, _) => explainer.tokens(traffic).map(|result| tokens(&result)),
            Subject::Line(..) => None,
        },
        "custom": trace.custom.as_ref().map(custom),
        "policies": trace.policies.iter().map(|of| policy(of, explainer)).collect::<Vec<_>>(),
        "module": module.map(|module| json!({"path": module.path, "sha256": module.sha256})),
    });
    let text = serde_json::to_string_pretty(&document).context("the trace cannot be written as JSON")?;
    Ok(text + "\n")
}

/// A place in a text.
fn place(place: &Place) -> Value {
    let (line, column) = place.source.position(place.span.start);
    json!({"file": place.source.name, "line": line, "column": column})
}

fn tokens(result: &TokenResult<'_>) -> Value {
    match result {
        TokenResult::Passed(passed) => json!({
            "passed": true,
            "by": passed.by,
            "removedHeaders": passed.removed,
        }),
        TokenResult::Refused(refused) => json!({
            "passed": false,
            "by": refused.by,
            "why": refused.why,
            "status": refused.status,
        }),
    }
}

fn custom(custom: &CustomTrace) -> Value {
    json!({
        "by": RuleRef::from(&custom.by),
        "providers": custom.providers,
        "answer": custom.answer.map(|answer| match answer {
            ExternalAnswer::Allow => "allow",
            ExternalAnswer::Deny => "deny",
            ExternalAnswer::Failed | ExternalAnswer::Unaskable => "fail",
        }),
        "refused": custom.refused.map(peerwarden_engine::Reason::as_str),
    })
}

fn policy(policy: &PolicyTrace, explainer: &Explainer<'_>) -> Value {
    let at = |path: &Path| explainer.place(&policy.place, path).as_ref().map(place);
    json!({
        "namespace": policy.namespace,
        "name": policy.name,
        "place": at(&Path::keys(["metadata", "name"])),
        "action": policy.action.as_str(),
        "dryRun": policy.dry_run,
        "notApplied": policy.not_applied,
        "rules": policy.rules.iter().map(|of| rule(of, &at)).collect::<Vec<_>>(),
    })
}

fn rule(rule: &RuleTrace, at: &impl Fn(&Path) -> Option<Value>) -> Value {
    let parts = |parts: &[PartTrace]| parts.iter().map(|of| part(of, at)).collect::<Vec<_>>();
    json!({
        "rule": rule.index,
        "place": at(&Rule::path(rule.index)),
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

fn part(part: &PartTrace, at: &impl Fn(&Path) -> Option<Value>) -> Value {
    json!({
        "path": part.path.to_string(),
        "matched": part.matched,
        "clauses": part.clauses.iter().map(|of| clause(of, at)).collect::<Vec<_>>(),
    })
}

fn clause(clause: &ClauseTrace, at: &impl Fn(&Path) -> Option<Value>) -> Value {
    json!({
        "path": clause.path.to_string(),
        "place": at(&clause.path),
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
