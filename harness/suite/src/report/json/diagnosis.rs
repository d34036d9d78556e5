//! Why a case came out so, for programs.

use peerwarden_documents::source;
use peerwarden_explain::why;
use peerwarden_traffic::DecidedBy;
use schemars::JsonSchema;
use serde::Serialize;

/// Why a case came out as it did.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Why<'r> {
    /// What decided; null when no document did.
    deciding: Option<Deciding<'r>>,
    /// The rule that came closest to what was expected; null when there is none.
    near_miss: Option<NearMiss<'r>>,
    /// That the policy which should decide is not there at all.
    note: Option<&'r str>,
}

/// The document, and the rule in it, that decided.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Deciding<'r> {
    /// All of it in a sentence.
    text: String,
    /// Which it is.
    by: &'r DecidedBy,
    /// The clauses that held.
    on: Vec<Clause<'r>>,
    /// Where it stands; null when that is not known.
    place: Option<Place<'r>>,
}

/// A rule that did not decide.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NearMiss<'r> {
    /// All of it in a sentence.
    text: String,
    /// The action of its policy.
    action: &'static str,
    /// Which it is.
    rule: &'r DecidedBy,
    /// The clauses that did not hold.
    failed: Vec<Clause<'r>>,
    /// Where what kept it stands; null when that is not known.
    place: Option<Place<'r>>,
}

/// One clause of a rule.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Clause<'r> {
    /// The field as written, such as `notPaths`, or the condition's key.
    field: &'r str,
    /// Those of its values that tell why it came out so.
    values: &'r [String],
    /// What was there to match, in quotes if it is a text; null when nothing was.
    found: Option<&'r str>,
}

/// A place in a file. Lines, and columns in characters, are counted from 1.
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

impl<'r> Why<'r> {
    pub(super) fn of(why: &'r why::Why) -> Self {
        Self {
            deciding: why.deciding.as_ref().map(|deciding| Deciding {
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

fn clauses<'r>(clauses: &'r [why::Clause]) -> Vec<Clause<'r>> {
    let clause = |clause: &'r why::Clause| Clause {
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
