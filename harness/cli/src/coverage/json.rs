//! Coverage for programs.

use serde_json::{Value as Json, json};

use super::{Clause, Coverage, Points, Policy, Rule};
use crate::source::Place;

/// All of it.
pub(crate) fn value(coverage: &Coverage) -> Json {
    json!({
        "points": points(coverage.points()),
        "policies": coverage.0.values().map(policy).collect::<Vec<_>>(),
    })
}

fn points(points: Points) -> Json {
    json!({"covered": points.covered, "total": points.total, "percent": points.percent()})
}

fn policy(policy: &Policy) -> Json {
    json!({
        "policy": policy.name,
        "action": policy.action.as_str(),
        "dryRun": policy.dry_run,
        "applies": policy.applies,
        "place": policy.place.as_ref().map(place),
        "points": points(policy.points()),
        "rules": policy.rules.iter().map(rule).collect::<Vec<_>>(),
    })
}

fn rule(rule: &Rule) -> Json {
    json!({
        "rule": rule.index,
        "line": rule.place.as_ref().map(line),
        "matched": rule.matched,
        "missed": rule.missed,
        "decided": rule.decided,
        "clauses": rule.clauses.iter().map(clause).collect::<Vec<_>>(),
    })
}

fn clause(clause: &Clause) -> Json {
    let values = clause.values.iter();
    json!({
        "field": clause.field,
        "negative": clause.negative,
        "line": clause.place.as_ref().map(line),
        "held": clause.held,
        "failed": clause.failed,
        "decisive": clause.decisive,
        "values": values
            .map(|value| json!({
                "value": value.text,
                "line": value.place.as_ref().map(line),
                "matched": value.matched,
            }))
            .collect::<Vec<_>>(),
    })
}

fn place(place: &Place) -> Json {
    json!({"file": place.source.name, "line": line(place)})
}

fn line(place: &Place) -> usize {
    place.source.position(place.span.start).0
}
