//! What came of a test run, in several forms.

mod github;
mod human;
mod json;
mod junit;
mod sarif;
mod tap;

pub use json::Report as JsonReport;

use std::time::Duration;

use anyhow::Result;
use clap::ValueEnum;
use peerwarden_documents::output;
use peerwarden_documents::source::Place;
use peerwarden_explain::why::Why;
use peerwarden_traffic::{Answer, ModuleFile};

use crate::coverage::Coverage;
use crate::snapshot::{Change, Snapshotted};

/// How to report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
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
pub struct Report {
    /// The module that was run, if it was.
    pub module: Option<ModuleFile>,
    /// Which engines answered, in words.
    pub engines: &'static str,
    /// Whether passed cases are shown one by one.
    pub verbose: bool,
    /// What came of each suite.
    pub suites: Vec<SuiteResult>,
    /// What the cases show of the policies; `None` when it was not asked for.
    pub coverage: Option<Coverage>,
    /// Percent of its points below which the run fails.
    pub threshold: Option<usize>,
    /// Where the time went.
    pub timings: Timings,
}

/// Where the time went.
#[derive(Debug, Clone, Copy)]
pub struct Timings {
    /// Suites and policies.
    pub reading: Duration,
    /// The module, compiled or from the cache.
    pub module: Duration,
    /// Configuring engines, and the cases.
    pub running: Duration,
}

/// One suite.
pub struct SuiteResult {
    /// Its path as it was given.
    pub name: String,
    /// What came of each case.
    pub cases: Vec<CaseResult>,
    /// What cases that pass promise and no policy can keep.
    pub notes: Vec<String>,
}

/// One case.
pub struct CaseResult {
    /// Unique in its suite.
    pub name: String,
    /// Where its expectation stands.
    pub place: Place,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The answer is the expected one.
    Passed(Box<Answer>),
    /// It is another one.
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
pub struct Failure {
    /// `allow`, or `deny by shop/orders[2]`.
    pub expected: String,
    /// What was decided.
    pub answer: Answer,
    /// Why, where that was worked out.
    pub why: Option<Why>,
}

/// How many cases came to what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// As expected.
    pub passed: usize,
    /// Otherwise than expected, or without an answer.
    pub failed: usize,
    /// Not run.
    pub skipped: usize,
}

impl Outcome {
    /// What is wrong, in one line; `None` for what passed or was not run.
    pub fn failure(&self) -> Option<String> {
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
    pub fn reasons(&self) -> Vec<String> {
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

    /// `passed`, `failed` and the like.
    pub fn word(&self) -> &'static str {
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
    /// How many cases came to what.
    pub fn counts(&self) -> Counts {
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
    /// How many cases of all suites came to what.
    pub fn counts(&self) -> Counts {
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
    pub fn lacking(&self) -> Option<String> {
        let threshold = self.threshold?;
        let percent = self.coverage.as_ref()?.points().percent();
        (percent < threshold)
            .then(|| format!("coverage is {percent} %, below the threshold of {threshold} %"))
    }
}

/// Prints a report to standard output.
///
/// # Errors
/// That it cannot be written.
pub fn print(report: &Report, format: Format) -> Result<()> {
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
