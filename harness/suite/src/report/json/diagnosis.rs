//! Why a case was decided as it was, for programs.

use peerwarden_documents::source;
use peerwarden_explain::diagnosis;
use peerwarden_traffic::RuleRef;
use schemars::JsonSchema;
use serde::Serialize;

/// Why a case had its verdict.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Diagnosis<'r> {
    /// What decided; null if no document did.
    deciding: Option<DecidingRule<'r>>,
    /// The rule that came closest to the expected verdict; null if there is none.
    near_miss: Option<NearMiss<'r>>,
    /// The policy that should decide, if it does not exist.
    note: Option<&'r str>,
}

/// The document, and the rule in it, that decided.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct DecidingRule<'r> {
    /// The whole in a sentence.
    text: String,
    /// The document or rule.
    by: &'r RuleRef,
    /// The clauses that matched.
    on: Vec<Clause<'r>>,
    /// Where it is; null if unknown.
    place: Option<Place<'r>>,
}

/// A rule that did not decide.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NearMiss<'r> {
    /// The whole in a sentence.
    text: String,
    /// The action of its policy.
    action: &'static str,
    /// The rule.
    rule: &'r RuleRef,
    /// The clauses that did not match.
    failed: Vec<Clause<'r>>,
    /// Where the reason is; null if unknown.
    place: Option<Place<'r>>,
}

/// One clause of a rule.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Clause<'r> {
    /// The field as written, such as `notPaths`, or the condition's key.
    field: &'r str,
    /// The values that explain the result.
    values: &'r [String],
    /// The value that was found, in quotes if it is a string; null if there was none.
    found: Option<&'r str>,
}

/// A place in a file. Lines, and columns in characters, count from 1.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Place<'r> {
    /// Its path.
    file: &'r str,
    /// Its line.
    line: usize,
    /// Its column.
    column: usize,
}

impl<'r> Diagnosis<'r> {
    pub(super) fn of(why: &'r diagnosis::Diagnosis) -> Self {
        Self {
            deciding: why.deciding.as_ref().map(|deciding| DecidingRule {
                text: deciding.to_string(),
                by: &deciding.by,
                on: clauses(&deciding.on),
                place: deciding.place.as_ref().map(Place::of),
            }),
            near_miss: why.near_miss.as_ref().map(|near| NearMiss {
                text: near.to_string(),
                action: near.action.as_str(),
                rule: &near.rule,
                failed: clauses(near.failed()),
                place: near.place.as_ref().map(Place::of),
            }),
            note: why.note.as_deref(),
        }
    }
}

fn clauses<'r>(clauses: &'r [diagnosis::Clause]) -> Vec<Clause<'r>> {
    let clause = |clause: &'r diagnosis::Clause| Clause {
        field: &clause.field,
        values: &clause.values,
        found: clause.found.as_deref(),
    };
    clauses.iter().map(clause).collect()
}

impl<'r> Place<'r> {
    fn of(place: &'r source::Place) -> Self {
        let (line, column) = place.source.position(place.span.start);
        Self {
            file: &place.source.name,
            line,
            column,
        }
    }
}
