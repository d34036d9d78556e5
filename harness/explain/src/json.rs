//! The trace for programs, of the schema `harness/cli/schema/explain.schema.json`, which is made from these types.

mod policies;

use anyhow::{Context, Result};
use peerwarden_engine::reference::CustomTrace;
use peerwarden_engine::{ExternalAnswer, Reason};
use peerwarden_traffic::{RuleRef, TokenResult, Traffic};
use schemars::JsonSchema;
use serde::Serialize;

use crate::diagnosis::NearMiss;
use crate::explanation::{Explanation, LineVerdict, LoggedOutcome, Subject};
use crate::logged::Comparison;
use policies::{Policy, Position};

/// The explanation of a decision.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Report {
    /// The verdict; `unknown` for a line of an access log on whose missing values it depends.
    #[schemars(extend("enum" = ["allow", "deny", "unknown"]))]
    decision: &'static str,
    /// The document, and the rule in it, that decided; null if none did.
    by: Option<RuleRef>,
    /// The reason's name, as in logs.
    reason: Option<&'static str>,
    /// The reason in words.
    why: Option<String>,
    /// The attributes that the verdict depends on and that the line does not show.
    lacks: Vec<String>,
    /// For a line of a log, the outcome in the log.
    logged: Option<LogComparison>,
    /// Why the handshake refuses the peer before any policy is evaluated.
    handshake: Option<String>,
    /// Why the request did not reach the application although it was not denied.
    unreached: Option<String>,
    /// That no policy applies to the workload.
    note: Option<String>,
    /// The rule that came closest to the other verdict.
    near_miss: Option<NearMissReport>,
    /// The decision if the dry-run policies were enforced; null if there are none.
    shadow: Option<DecisionReport>,
    /// The AUDIT rule that marks the case for the log.
    audited: Option<RuleRef>,
    /// The traffic; null for a line of a log.
    traffic: Option<Traffic>,
    /// The mutual TLS mode of the port.
    mode: Mode,
    /// The result of the filter ahead of the module for the tokens; null if no `RequestAuthentication` applies, and for
    /// a line of a log.
    tokens: Option<Tokens>,
    /// The external authorizers that were asked, one after another; the last one may have refused.
    custom: Vec<Custom>,
    /// Every policy, with every rule and clause.
    policies: Vec<Policy>,
    /// The module that gave the same answer, if it was asked.
    module: Option<Module>,
}

/// The outcome of a request or a connection in a log.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct LogComparison {
    /// The verdict.
    #[schemars(extend("enum" = ["allow", "deny"]))]
    decision: &'static str,
    /// For a denial, the rule, `none` if no rule matched, or the reason.
    by: Option<String>,
    /// Whether the policies agree; null if their verdict is unknown.
    agrees: Option<bool>,
    /// The comparison in a sentence.
    text: String,
}

/// The rule that came closest to the other verdict.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NearMissReport {
    /// The whole in a sentence.
    text: String,
    /// Which rule.
    rule: RuleRef,
    /// The place of what kept it from deciding.
    place: Option<Position>,
}

/// A decision.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DecisionReport {
    /// The verdict.
    #[schemars(extend("enum" = ["allow", "deny"]))]
    decision: &'static str,
    /// The document, and the rule in it, that decided; null if none did.
    by: Option<RuleRef>,
    /// The reason's name.
    reason: &'static str,
    /// The reason in words.
    why: String,
}

/// The mutual TLS mode of a port.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Mode {
    /// `STRICT`, `PERMISSIVE` or `DISABLE`.
    mode: &'static str,
    /// The document that sets it; null for the default.
    set_by: Option<RuleRef>,
    /// The port; null if unknown.
    port: Option<u16>,
    /// The peer.
    peer: String,
    /// Why the mode denies, if it does.
    refused: Option<&'static str>,
}

/// The result for a request by its tokens.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Tokens {
    /// Whether the request goes on to the policies.
    passed: bool,
    /// The document whose rule its token meets, or the one that refuses it; null without a token.
    by: Option<RuleRef>,
    /// Headers of the client that were removed: the filter alone writes them.
    removed_headers: Vec<String>,
    /// Why it is refused.
    why: Option<String>,
    /// The HTTP status of the refusal.
    status: Option<u16>,
}

/// The call of an external authorizer.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Custom {
    /// The rule that requires the call.
    by: RuleRef,
    /// The names of the providers.
    providers: Vec<String>,
    /// Its answer; null if it cannot be called.
    #[schemars(extend("enum" = ["allow", "deny", "fail", null]))]
    answer: Option<&'static str>,
    /// Why it denies, if it does.
    refused: Option<&'static str>,
}

/// A module.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Module {
    /// Its path.
    path: String,
    /// The SHA-256 of the file, in hexadecimal.
    sha256: String,
}

/// One JSON document.
///
/// # Errors
/// If it cannot be written.
pub fn text(explained: &Explanation<'_>) -> Result<String> {
    let text = serde_json::to_string_pretty(&Report::of(explained));
    Ok(text.context("the trace cannot be written as JSON")? + "\n")
}

/// The same in one line.
///
/// # Errors
/// If it cannot be written.
pub fn line(explained: &Explanation<'_>) -> Result<String> {
    let text = serde_json::to_string(&Report::of(explained));
    Ok(text.context("the trace cannot be written as JSON")? + "\n")
}

impl Report {
    fn of(explained: &Explanation<'_>) -> Self {
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
        let mode_refuses = explained.mode_refuses();
        Self {
            decision: decided.map_or("unknown", peerwarden_traffic::Decision::verdict),
            by: decided.and_then(|decided| decided.by.clone()),
            reason: decided.map(|decided| decided.reason.as_str()),
            why: decided.map(|decided| decided.reason.to_string()),
            lacks: match subject {
                Subject::Line(_, LineVerdict::Hangs(lacks)) => {
                    lacks.iter().map(ToString::to_string).collect()
                }
                Subject::Traffic(..) | Subject::Line(_, LineVerdict::Decided(_)) => Vec::new(),
            },
            logged: LogComparison::of(explained),
            handshake: refusal.clone(),
            unreached: match subject {
                Subject::Line(line, _) => line.unreached.clone(),
                Subject::Traffic(..) => None,
            },
            note: why.and_then(|why| why.note.clone()),
            near_miss: why.and_then(|why| why.near_miss.as_ref()).map(NearMissReport::of),
            shadow: answer
                .and_then(|answer| answer.shadow.as_ref())
                .map(DecisionReport::of),
            audited: answer.and_then(|answer| answer.audited.clone()),
            traffic: match subject {
                Subject::Traffic(traffic, _) => Some((*traffic).clone()),
                Subject::Line(..) => None,
            },
            mode: Mode {
                mode: trace.mode.mode.as_str(),
                set_by: trace.mode.set_by.as_ref().map(RuleRef::from),
                port: trace.mode.port,
                peer: trace.mode.peer.clone(),
                refused: trace.mode.refused.filter(|_| mode_refuses).map(Reason::as_str),
            },
            tokens: match subject {
                Subject::Traffic(traffic, _) => explainer.tokens(traffic).map(|result| Tokens::of(&result)),
                Subject::Line(..) => None,
            },
            custom: trace.custom.iter().map(Custom::of).collect(),
            policies: trace
                .policies
                .iter()
                .map(|policy| Policy::of(policy, explainer))
                .collect(),
            module: module.map(|module| Module {
                path: module.path.display().to_string(),
                sha256: module.sha256.clone(),
            }),
        }
    }
}

impl LogComparison {
    fn of(explained: &Explanation<'_>) -> Option<Self> {
        let Subject::Line(line, _) = &explained.subject else {
            return None;
        };
        let Comparison { agrees, text } = Comparison::of(explained)?;
        let (decision, by) = match line.logged.as_ref()? {
            LoggedOutcome::Allowed => ("allow", None),
            LoggedOutcome::Denied(by) => ("deny", Some(by.clone())),
        };
        Some(Self {
            decision,
            by,
            agrees,
            text,
        })
    }
}

impl NearMissReport {
    fn of(near: &NearMiss) -> Self {
        Self {
            text: near.to_string(),
            rule: near.rule.clone(),
            place: near.place.as_ref().map(Position::of),
        }
    }
}

impl DecisionReport {
    /// Describes a decision.
    pub fn of(decision: &peerwarden_traffic::Decision) -> Self {
        Self {
            decision: decision.verdict(),
            by: decision.by.clone(),
            reason: decision.reason.as_str(),
            why: decision.reason.to_string(),
        }
    }
}

impl Tokens {
    fn of(result: &TokenResult<'_>) -> Self {
        match result {
            TokenResult::Passed(passed) => Self {
                passed: true,
                by: passed.by.clone(),
                removed_headers: passed.removed.clone(),
                why: None,
                status: None,
            },
            TokenResult::Refused(refused) => Self {
                passed: false,
                by: Some(refused.by.clone()),
                removed_headers: Vec::new(),
                why: Some(refused.why.clone()),
                status: Some(refused.status),
            },
        }
    }
}

impl Custom {
    fn of(custom: &CustomTrace) -> Self {
        Self {
            by: RuleRef::from(&custom.by),
            providers: custom.providers.iter().map(ToString::to_string).collect(),
            answer: custom.answer.map(|answer| match answer {
                ExternalAnswer::Allow => "allow",
                ExternalAnswer::Deny => "deny",
                ExternalAnswer::Failed | ExternalAnswer::Unaskable => "fail",
            }),
            refused: custom.refused.map(Reason::as_str),
        }
    }
}
