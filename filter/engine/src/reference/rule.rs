//! One rule: `from`, `to` and `when`.

use super::clause::{Clause, trace as trace_clause};
use super::view::View;
use super::{ClauseResult, ClauseTrace, PartTrace, RuleTrace, TcpReading};
use crate::config::Protocol;
use crate::document::Path;
use crate::resource::{self, Action, AuthorizationPolicy};

pub(super) fn trace<'v>(
    index: usize,
    rule: &'v resource::Rule,
    document: &'v AuthorizationPolicy,
    view: &View<'v>,
) -> RuleTrace {
    let entry_of = |name: &str, entry| resource::Rule::path(index).key(name).index(entry);
    let part = |path: Path, clauses: Vec<Clause<'v>>| {
        let clauses: Vec<ClauseTrace> = clauses
            .into_iter()
            .map(|clause| trace_clause(&clause, &path, document, view))
            .collect();
        PartTrace {
            matched: holds(&clauses, document.action),
            path,
            clauses,
        }
    };

    let sources = rule.from.iter().flatten().enumerate();
    let sources: Vec<PartTrace> = sources
        .map(|(entry, source)| {
            part(
                view.told(|| entry_of("from", entry).key("source")),
                clauses_of(source.fields()),
            )
        })
        .collect();
    let operations = rule.to.iter().flatten().enumerate();
    let operations: Vec<PartTrace> = operations
        .map(|(entry, operation)| {
            part(
                view.told(|| entry_of("to", entry).key("operation")),
                clauses_of(operation.fields()),
            )
        })
        .collect();
    let conditions = rule.when.iter().enumerate();
    let conditions: Vec<PartTrace> = conditions
        .map(|(entry, condition)| {
            let values = Clause {
                field: &condition.key,
                name: "values",
                values: &condition.values,
                negative: false,
            };
            let not_values = Clause {
                field: &condition.key,
                name: "notValues",
                values: &condition.not_values,
                negative: true,
            };
            part(view.told(|| entry_of("when", entry)), vec![values, not_values])
        })
        .collect();

    let tcp = tcp_reading(
        &[&sources, &operations, &conditions],
        document.action,
        view.config.protocol,
    );
    let any = |parts: &[PartTrace]| parts.is_empty() || parts.iter().any(|part| part.matched);
    let matched = tcp != TcpReading::Dropped
        && any(&sources)
        && any(&operations)
        && conditions.iter().all(|condition| condition.matched);
    RuleTrace {
        index,
        matched,
        tcp,
        sources,
        operations,
        conditions,
    }
}

fn clauses_of<'a>(fields: impl Iterator<Item = resource::Field<'a>>) -> Vec<Clause<'a>> {
    fields
        .flat_map(|field| {
            [
                Clause {
                    field: field.name,
                    name: field.name,
                    values: field.values,
                    negative: false,
                },
                Clause {
                    field: field.name,
                    name: field.not_name,
                    values: field.not_values,
                    negative: true,
                },
            ]
        })
        .filter(|clause| !clause.values.is_empty())
        .collect()
}

/// Within a source, an operation or a condition, all clauses must hold. An HTTP-only field does not apply to TCP: an
/// ALLOW rule with one is dropped as a whole. Unknown counts as held for DENY and as failed for ALLOW.
fn holds(clauses: &[ClauseTrace], action: Action) -> bool {
    clauses.iter().all(|clause| match clause.result {
        ClauseResult::Held | ClauseResult::HttpOnly => true,
        ClauseResult::Failed => false,
        ClauseResult::Unavailable => action != Action::Allow,
    })
}

fn tcp_reading(parts: &[&Vec<PartTrace>], action: Action, protocol: Protocol) -> TcpReading {
    let mut clauses = parts
        .iter()
        .flat_map(|parts| parts.iter())
        .flat_map(|part| &part.clauses);
    let http_only = clauses.any(|clause| clause.result == ClauseResult::HttpOnly);
    match (protocol, http_only, action) {
        (Protocol::Http, _, _) | (Protocol::Tcp, false, _) => TcpReading::AsWritten,
        (Protocol::Tcp, true, Action::Allow) => TcpReading::Dropped,
        (Protocol::Tcp, true, Action::Deny | Action::Audit | Action::Custom) => TcpReading::Widened,
    }
}
