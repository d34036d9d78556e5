//! Findings and errors, for programs.

use peerwarden_documents::diagnostic::Diagnostic;
use peerwarden_documents::source;
use schemars::JsonSchema;
use serde::Serialize;

/// One finding.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Finding<'c> {
    /// The code of the lint; null for invalid input.
    code: Option<&'c str>,
    /// The severity.
    #[schemars(extend("enum" = ["error", "warning"]))]
    severity: &'c str,
    /// What is wrong.
    message: &'c str,
    /// Where; null if it is in no file.
    place: Option<Place<'c>>,
    /// What to write instead.
    help: Option<&'c str>,
    /// An example.
    notes: &'c [String],
    /// Other places that the message refers to.
    related: Vec<RelatedPlace<'c>>,
    /// Whether `--fix` can fix it.
    fixable: bool,
}

/// Another place.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RelatedPlace<'c> {
    /// What it is.
    what: &'c str,
    /// Where.
    place: Place<'c>,
}

/// A part of a text. Lines and columns are counted from 1, columns in characters; the end is the column after the last.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Place<'c> {
    /// The path as it was given.
    file: &'c str,
    /// Its first line.
    line: usize,
    /// Its first column.
    column: usize,
    /// Its last line.
    end_line: usize,
    /// The column after it.
    end_column: usize,
}

impl<'c> Finding<'c> {
    pub(crate) fn of(finding: &'c Diagnostic) -> Self {
        let related = finding.details.related.iter();
        let related = related.map(|(place, what)| RelatedPlace {
            what,
            place: Place::of(place),
        });
        Self {
            code: finding.code,
            severity: finding.severity.as_str(),
            message: &finding.message,
            place: finding.place.as_ref().map(Place::of),
            help: finding.help.as_deref(),
            notes: &finding.details.notes,
            related: related.collect(),
            fixable: finding.details.fix.is_some(),
        }
    }
}

impl<'c> Place<'c> {
    fn of(place: &'c source::Place) -> Self {
        let (line, column) = place.source.position(place.span.start);
        let (end_line, end_column) = place.source.position(place.span.end);
        Self {
            file: &place.source.name,
            line,
            column,
            end_line,
            end_column,
        }
    }
}
