//! Coverage for programs: a part of the schema `harness/cli/schema/test.schema.json`.

use peerwarden_documents::source;
use schemars::JsonSchema;
use serde::Serialize;

/// The coverage of the policies.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Coverage<'c> {
    /// The points of all policies.
    points: Points,
    /// The policies, in the order of their files.
    policies: Vec<Policy<'c>>,
}

/// How many points there are, and how many are covered.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Points {
    /// Points that some case covers.
    covered: usize,
    /// All points.
    total: usize,
    /// In whole percent.
    percent: usize,
}

/// One policy.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Policy<'c> {
    /// `NAMESPACE/NAME`.
    policy: &'c str,
    /// Its action.
    action: &'static str,
    /// Whether it has no effect.
    dry_run: bool,
    /// Whether it applies to the workload of a suite.
    applies: bool,
    /// Where its name is; null if unknown.
    place: Option<Place<'c>>,
    /// The points of this policy.
    points: Points,
    /// Its rules.
    rules: Vec<Rule<'c>>,
}

/// One rule.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Rule<'c> {
    /// The rule's index, counted from 0.
    rule: usize,
    /// Where it is; null if unknown.
    line: Option<usize>,
    /// Number of cases that it matched.
    matched: usize,
    /// Number of cases that it did not match.
    missed: usize,
    /// Number of cases that it decided.
    decided: usize,
    /// Its clauses.
    clauses: Vec<Clause<'c>>,
}

/// One field of a source or an operation, or one half of a condition.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Clause<'c> {
    /// The field as written, such as `notPaths`, or the condition's key.
    field: &'c str,
    /// Whether it holds if none of its values match.
    negative: bool,
    /// Where it is; null if unknown.
    line: Option<usize>,
    /// Cases in which it was true.
    held: usize,
    /// Cases in which it was false.
    failed: usize,
    /// Cases whose verdict depends on it.
    decisive: usize,
    /// Its values.
    values: Vec<Value<'c>>,
}

/// One value of a clause.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Value<'c> {
    /// The value as written.
    value: &'c str,
    /// Where it is; null if unknown.
    line: Option<usize>,
    /// Cases in which it matches, whether or not other values do.
    matched: usize,
}

/// A place in a file.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Place<'c> {
    /// Its path.
    file: &'c str,
    /// Its line, from 1.
    line: usize,
}

impl<'c> Coverage<'c> {
    /// The coverage of all policies.
    pub fn of(coverage: &'c super::Coverage) -> Self {
        Self {
            points: Points::of(coverage.points()),
            policies: coverage.0.values().map(Policy::of).collect(),
        }
    }
}

impl Points {
    fn of(points: super::Points) -> Self {
        Self {
            covered: points.covered,
            total: points.total,
            percent: points.percent(),
        }
    }
}

impl<'c> Policy<'c> {
    fn of(policy: &'c super::Policy) -> Self {
        Self {
            policy: &policy.name,
            action: policy.action.as_str(),
            dry_run: policy.dry_run,
            applies: policy.applies,
            place: policy.place.as_ref().map(|place| Place {
                file: &place.source.name,
                line: line(place),
            }),
            points: Points::of(policy.points()),
            rules: policy.rules.iter().map(Rule::of).collect(),
        }
    }
}

impl<'c> Rule<'c> {
    fn of(rule: &'c super::Rule) -> Self {
        Self {
            rule: rule.index,
            line: rule.place.as_ref().map(line),
            matched: rule.matched,
            missed: rule.missed,
            decided: rule.decided,
            clauses: rule.clauses.iter().map(Clause::of).collect(),
        }
    }
}

impl<'c> Clause<'c> {
    fn of(clause: &'c super::Clause) -> Self {
        let value = |value: &'c super::Value| Value {
            value: &value.text,
            line: value.place.as_ref().map(line),
            matched: value.matched,
        };
        Self {
            field: &clause.field,
            negative: clause.negative,
            line: clause.place.as_ref().map(line),
            held: clause.held,
            failed: clause.failed,
            decisive: clause.decisive,
            values: clause.values.iter().map(value).collect(),
        }
    }
}

fn line(place: &source::Place) -> usize {
    place.source.position(place.span.start).0
}
