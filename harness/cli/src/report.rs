//! What came of a test run, in several forms.

mod github;
mod human;
mod json;
mod junit;
mod sarif;
mod tap;

pub(crate) use json::Report as JsonReport;

use std::time::Duration;

use anyhow::Result;
use clap::ValueEnum;

use crate::coverage::Coverage;
use crate::engine::{Answer, Choice};
use crate::exit::Exit;
use crate::module::Shipped;
use crate::output;
use crate::snapshot::{Change, Snapshotted};
use crate::source::Place;
use crate::why::Why;

/// How to report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Human,
    /// One JSON document.
    Json,
    /// JUnit XML, as CI systems read it.
    Junit,
    /// Test Anything Protocol 14.
    Tap,
    /// Annotations of GitHub Actions.
    Github,
    /// SARIF 2.1.0, as code scanning reads it.
    Sarif,
}

/// A whole run.
pub(crate) struct Report {
    /// The module that was run, if it was.
    pub(crate) module: Option<Shipped>,
    pub(crate) engine: Choice,
    /// Whether passed cases are shown one by one.
    pub(crate) verbose: bool,
    pub(crate) suites: Vec<SuiteResult>,
    /// What the cases show of the policies; `None` when it was not asked for.
    pub(crate) coverage: Option<Coverage>,
    /// Percent of its points below which the run fails.
    pub(crate) threshold: Option<usize>,
    pub(crate) timings: Timings,
}

/// Where the time went.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timings {
    /// Suites and policies.
    pub(crate) reading: Duration,
    /// The module, compiled or from the cache.
    pub(crate) module: Duration,
    /// Configuring engines, and the cases.
    pub(crate) running: Duration,
}

/// One suite.
pub(crate) struct SuiteResult {
    /// Its path as it was given.
    pub(crate) name: String,
    pub(crate) cases: Vec<CaseResult>,
    /// What cases that pass promise and no policy can keep.
    pub(crate) notes: Vec<String>,
}

/// One case.
pub(crate) struct CaseResult {
    pub(crate) name: String,
    /// Where its expectation stands.
    pub(crate) place: Place,
    pub(crate) outcome: Outcome,
}

/// What came of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    Passed(Box<Answer>),
    Failed(Box<Failure>),
    /// An engine gave no answer, or the two disagree.
    Broken(String),
    /// Not run, for this reason.
    Skipped(String),
    /// Who may do what, held against a file.
    Snapshot(Snapshotted),
}

/// Another answer than the expected one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    /// `allow`, or `deny by shop/orders[2]`.
    pub(crate) expected: String,
    pub(crate) answer: Answer,
    pub(crate) why: Option<Why>,
}

/// How many cases came to what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
    pub(crate) skipped: usize,
}

impl Outcome {
    /// What is wrong, in one line; `None` for what passed or was not run.
    pub(crate) fn failure(&self) -> Option<String> {
        match self {
            Outcome::Passed(_) | Outcome::Skipped(_) => None,
            Outcome::Failed(failure) => {
                Some(format!("expected {}, got {}", failure.expected, failure.answer))
            }
            Outcome::Broken(message) => Some(message.clone()),
            Outcome::Snapshot(snapshot) => snapshot.failure(),
        }
    }

    /// Why it is wrong, a line each, with places; nothing for what passed or was not run.
    pub(crate) fn reasons(&self) -> Vec<String> {
        let why = match self {
            Outcome::Failed(failure) => failure.why.as_ref(),
            Outcome::Snapshot(snapshot) => return snapshot.changes().iter().map(Change::to_string).collect(),
            Outcome::Passed(_) | Outcome::Broken(_) | Outcome::Skipped(_) => None,
        };
        let at = |place: &Option<Place>| match place {
            Some(place) => format!(" ({})", place.label()),
            None => String::new(),
        };
        let deciding = why.and_then(|why| why.deciding.as_ref());
        let near_miss = why.and_then(|why| why.near_miss.as_ref());
        let deciding = deciding.map(|deciding| format!("decided: {deciding}{}", at(&deciding.place)));
        let near_miss = near_miss.map(|near| format!("near miss: {near}{}", at(&near.place)));
        let note = why
            .and_then(|why| why.note.as_ref())
            .map(|note| format!("note: {note}"));
        deciding.into_iter().chain(near_miss).chain(note).collect()
    }

    fn word(&self) -> &'static str {
        match self {
            Outcome::Passed(_) => "passed",
            Outcome::Failed(_) => "failed",
            Outcome::Broken(_) => "broken",
            Outcome::Skipped(_) => "skipped",
            Outcome::Snapshot(snapshot) => snapshot.word(),
        }
    }
}

impl SuiteResult {
    pub(crate) fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for case in &self.cases {
            match &case.outcome {
                Outcome::Passed(_) => counts.passed += 1,
                Outcome::Failed(_) | Outcome::Broken(_) => counts.failed += 1,
                Outcome::Skipped(_) => counts.skipped += 1,
                Outcome::Snapshot(snapshot) => {
                    let failed = snapshot.failure().is_some();
                    counts.failed += usize::from(failed);
                    counts.passed += usize::from(!failed);
                }
            }
        }
        counts
    }
}

impl Report {
    pub(crate) fn counts(&self) -> Counts {
        self.suites
            .iter()
            .map(SuiteResult::counts)
            .fold(Counts::default(), |sum, counts| Counts {
                passed: sum.passed + counts.passed,
                failed: sum.failed + counts.failed,
                skipped: sum.skipped + counts.skipped,
            })
    }

    /// How far coverage is below what was asked for; `None` when it is not.
    pub(crate) fn lacking(&self) -> Option<String> {
        let threshold = self.threshold?;
        let percent = self.coverage.as_ref()?.points().percent();
        (percent < threshold)
            .then(|| format!("coverage is {percent} %, below the threshold of {threshold} %"))
    }

    /// 1 for failed cases and for coverage below the threshold, 3 for an engine that broke.
    pub(crate) fn exit(&self) -> Exit {
        let outcomes = self
            .suites
            .iter()
            .flat_map(|suite| &suite.cases)
            .map(|case| &case.outcome);
        let exits = outcomes.map(|outcome| match outcome {
            Outcome::Passed(_) | Outcome::Skipped(_) => Exit::Fine,
            Outcome::Failed(_) => Exit::Findings,
            Outcome::Broken(_) => Exit::Internal,
            Outcome::Snapshot(Snapshotted::Wrong(_)) => Exit::Invalid,
            Outcome::Snapshot(snapshot) => match snapshot.failure() {
                Some(_) => Exit::Findings,
                None => Exit::Fine,
            },
        });
        let coverage = self.lacking().map(|_| Exit::Findings);
        exits.chain(coverage).max().unwrap_or(Exit::Fine)
    }
}

/// Prints a report to standard output.
///
/// # Errors
/// That it cannot be written.
pub(crate) fn print(report: &Report, format: Format) -> Result<()> {
    let text = match format {
        Format::Human => human::text(report),
        Format::Json => json::text(report)?,
        Format::Junit => junit::text(report)?,
        Format::Tap => tap::text(report),
        Format::Github => github::text(report),
        Format::Sarif => sarif::text(report)?,
    };
    output::print(&text)
}
