//! Policies, rules and clauses, each with its place and its result.

use peerwarden_documents::source::Place;
use peerwarden_engine::document::Path;
use peerwarden_engine::reference::{
    ClauseResult, ClauseTrace, PartTrace, PolicyTrace, RuleTrace, TcpReading,
};
use peerwarden_engine::resource;
use schemars::JsonSchema;
use serde::Serialize;

use crate::diagnosis::Explainer;

/// A place in a text.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Position {
    /// The file as it was named.
    file: String,
    /// The line, from 1.
    line: usize,
    /// The column, in characters from 1.
    column: usize,
}

/// A policy.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Policy {
    /// Its namespace.
    namespace: String,
    /// Its name.
    name: String,
    /// Its place.
    place: Option<Position>,
    /// Its action.
    #[schemars(extend("enum" = ["ALLOW", "DENY", "AUDIT", "CUSTOM"]))]
    action: &'static str,
    /// Whether it is a dry run.
    dry_run: bool,
    /// Why it does not apply to the workload; null if it does.
    not_applied: Option<String>,
    /// Its rules.
    rules: Vec<Rule>,
}

/// A rule.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Rule {
    /// Its index, from 0.
    rule: usize,
    /// Its place.
    place: Option<Position>,
    /// Whether it matched.
    matched: bool,
    /// How it is treated on TCP.
    #[schemars(extend("enum" = ["as-written", "dropped", "widened"]))]
    on_tcp: &'static str,
    /// The sources, of which one must match.
    from: Vec<Part>,
    /// The operations, of which one must match.
    to: Vec<Part>,
    /// The conditions, which must all hold.
    when: Vec<Part>,
}

/// A source, an operation or a condition.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Part {
    /// Its path in the policy.
    path: String,
    /// Whether it matched.
    matched: bool,
    /// Its clauses, which must all hold.
    clauses: Vec<Clause>,
}

/// A clause.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Clause {
    /// Its path in the policy.
    path: String,
    /// Its place.
    place: Option<Position>,
    /// The field as written, or the key of the condition.
    field: String,
    /// Its values.
    values: Vec<String>,
    /// The result; `unavailable` if the value could not be established, and `http-only` if the clause is ignored on TCP.
    #[schemars(extend("enum" = ["held", "failed", "unavailable", "http-only"]))]
    result: &'static str,
    /// The actual value; null if there was none.
    found: Option<String>,
}

impl Position {
    pub(super) fn of(place: &Place) -> Self {
        let (line, column) = place.source.position(place.span.start);
        Self {
            file: place.source.name.clone(),
            line,
            column,
        }
    }
}

impl Policy {
    pub(super) fn of(policy: &PolicyTrace, explainer: &Explainer<'_>) -> Self {
        let at = |path: &Path| explainer.place(&policy.place, path).as_ref().map(Position::of);
        Self {
            namespace: policy.namespace.clone(),
            name: policy.name.clone(),
            place: at(&Path::keys(["metadata", "name"])),
            action: policy.action.as_str(),
            dry_run: policy.dry_run,
            not_applied: policy.not_applied.clone(),
            rules: policy.rules.iter().map(|rule| Rule::of(rule, &at)).collect(),
        }
    }
}

impl Rule {
    fn of(rule: &RuleTrace, at: &impl Fn(&Path) -> Option<Position>) -> Self {
        let parts = |parts: &[PartTrace]| parts.iter().map(|part| Part::of(part, at)).collect();
        Self {
            rule: rule.index,
            place: at(&resource::Rule::path(rule.index)),
            matched: rule.matched,
            on_tcp: match rule.tcp {
                TcpReading::AsWritten => "as-written",
                TcpReading::Dropped => "dropped",
                TcpReading::Widened => "widened",
            },
            from: parts(&rule.sources),
            to: parts(&rule.operations),
            when: parts(&rule.conditions),
        }
    }
}

impl Part {
    fn of(part: &PartTrace, at: &impl Fn(&Path) -> Option<Position>) -> Self {
        Self {
            path: part.path.to_string(),
            matched: part.matched,
            clauses: part.clauses.iter().map(|clause| Clause::of(clause, at)).collect(),
        }
    }
}

impl Clause {
    fn of(clause: &ClauseTrace, at: &impl Fn(&Path) -> Option<Position>) -> Self {
        Self {
            path: clause.path.to_string(),
            place: at(&clause.path),
            field: clause.field.clone(),
            values: clause.values.clone(),
            result: match clause.result {
                ClauseResult::Held => "held",
                ClauseResult::Failed => "failed",
                ClauseResult::Unavailable => "unavailable",
                ClauseResult::HttpOnly => "http-only",
            },
            found: clause.found.clone(),
        }
    }
}
