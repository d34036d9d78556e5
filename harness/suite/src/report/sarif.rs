//! SARIF: a rule for each kind of failure, a result for each failure and for each gap in coverage.

use anyhow::Result;
use peerwarden_documents::sarif::{self, Level, Rule};

use super::{CaseOutcome, Report};
use crate::coverage::Coverage;

const DECISION: &str = "unexpected-decision";
const BROKEN: &str = "no-decision";
const ACCESS: &str = "changed-access";
const UNTRIED: &str = "untried";
const COVERAGE: &str = "coverage";
const INVALID: &str = "invalid";
const NOTE: &str = "note";

pub(super) fn text(report: &Report) -> Result<String> {
    let rule = |id: &str, summary: &str, level| Rule::new(id, id, summary, level);
    let rules = [
        rule(
            DECISION,
            "a case whose verdict differs from the expected one",
            Level::Error,
        ),
        rule(
            BROKEN,
            "an engine that gives no answer, or engines that disagree",
            Level::Error,
        ),
        rule(ACCESS, "access that differs from the snapshot", Level::Error),
        rule(UNTRIED, "a part of a policy that no case covers", Level::Warning),
        rule(COVERAGE, "coverage below the threshold", Level::Error),
        rule(INVALID, "what keeps a suite from running", Level::Error),
        rule(
            NOTE,
            "a suite that passes although it tests less than it seems",
            Level::Warning,
        ),
    ];
    let notes = report.suites.iter().flat_map(|suite| &suite.notes);
    let notes = notes.map(|note| (NOTE, Level::Warning, note));
    let errors = report.errors().into_iter();
    let messages = errors.map(|error| (INVALID, Level::Error, error)).chain(notes);
    let mut results: Vec<sarif::Result> = messages
        .map(|(id, level, message)| {
            let result = sarif::Result::new(id, level, message.in_lines());
            match &message.place {
                Some(place) => result.at(place),
                None => result,
            }
        })
        .collect();
    for case in report.suites.iter().flat_map(|suite| &suite.cases) {
        let Some(failure) = case.outcome.failure() else {
            continue;
        };
        let (id, why) = match &case.outcome {
            CaseOutcome::Failed(failure) => (DECISION, failure.why.as_ref()),
            CaseOutcome::Snapshot(_) => (ACCESS, None),
            CaseOutcome::Broken(_) | CaseOutcome::Passed(_) | CaseOutcome::Skipped(_) => (BROKEN, None),
        };
        let mut lines = vec![format!("{}: {failure}", case.name)];
        lines.extend(case.outcome.reasons());
        let mut result = sarif::Result::new(id, Level::Error, lines.join("\n")).at(&case.place);
        let deciding = why.and_then(|why| why.deciding.as_ref()?.place.as_ref());
        let near_miss = why.and_then(|why| why.near_miss.as_ref()?.place.as_ref());
        for (place, what) in [(deciding, "what decided"), (near_miss, "near miss")] {
            if let Some(place) = place {
                result = result.also(place, what);
            }
        }
        results.push(result);
    }
    let gaps = report.coverage.iter().flat_map(Coverage::gaps);
    results.extend(gaps.map(|(place, gap)| sarif::Result::new(UNTRIED, Level::Warning, gap).at(&place)));
    let lacking = report.lacking();
    results.extend(lacking.map(|lacking| sarif::Result::new(COVERAGE, Level::Error, lacking)));
    sarif::log(&rules, results)
}
