//! The results of a test run, in several formats.

mod broken;
mod github;
mod groups;
mod human;
mod json;
mod junit;
mod sarif;
mod tap;

pub use broken::BrokenSuite;
pub use json::Report as JsonReport;

use std::time::Duration;

use anyhow::Result;
use clap::ValueEnum;
use peerwarden_documents::diagnostic::Diagnostic;
use peerwarden_documents::output;
use peerwarden_documents::source::Place;
use peerwarden_explain::diagnosis::Diagnosis;
use peerwarden_traffic::{Answer, ModuleFile};

use crate::coverage::Coverage;
use crate::snapshot::{Change, SnapshotResult};

/// The format of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// For people.
    Human,
    /// One JSON document.
    Json,
    /// JUnit XML, for CI systems.
    Junit,
    /// Test Anything Protocol 14.
    Tap,
    /// Annotations for GitHub Actions.
    Github,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
}

/// How much a report for people shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Detail {
    /// Only failures.
    Failures,
    /// A line for each suite, and the first few failures with the same cause.
    #[default]
    Usual,
    /// Each case.
    Everything,
}

/// The results of a whole run.
pub struct Report {
    /// The module, if it was run.
    pub module: Option<ModuleFile>,
    /// The engines that answered, in words.
    pub engines: &'static str,
    /// How much is shown to people.
    pub detail: Detail,
    /// The results of each suite.
    pub suites: Vec<SuiteResult>,
    /// The suites that cannot run.
    pub broken: Vec<BrokenSuite>,
    /// How many cases were not run, because an earlier one failed.
    pub not_run: usize,
    /// The coverage of the policies; `None` if it was not requested.
    pub coverage: Option<Coverage>,
    /// The run fails if coverage is below this percentage.
    pub threshold: Option<usize>,
    /// Where the time went.
    pub timings: Timings,
}

/// Where the time went.
#[derive(Debug, Clone, Copy, Default)]
pub struct Timings {
    /// Reading suites and policies.
    pub reading: Duration,
    /// Compiling the module, or loading it from the cache.
    pub module: Duration,
    /// Configuring engines and running the cases.
    pub running: Duration,
}

/// The results of one suite.
pub struct SuiteResult {
    /// Its path as it was given.
    pub name: String,
    /// The result of each case.
    pub cases: Vec<CaseResult>,
    /// Notes for readers although the cases pass: no policy applies to the workload, or no policy can fulfil an
    /// expectation.
    pub notes: Vec<Diagnostic>,
}

/// The result of one case.
pub struct CaseResult {
    /// Unique in its suite.
    pub name: String,
    /// The place of its expectation.
    pub place: Place,
    /// The outcome.
    pub outcome: CaseOutcome,
}

/// The outcome of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CaseOutcome {
    /// The answer is as expected.
    Passed(Box<Answer>),
    /// The answer differs.
    Failed(Box<Failure>),
    /// An engine gave no answer, or the engines disagree.
    Broken(String),
    /// The case was skipped, for this reason.
    Skipped(String),
    /// The result of comparing the snapshot with its file.
    Snapshot(SnapshotResult),
}

/// An unexpected answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// `allow`, or `deny by shop/orders[2]`.
    pub expected: String,
    /// The actual answer.
    pub answer: Answer,
    /// Why it was decided so, if it was explained.
    pub why: Option<Diagnosis>,
}

/// How many cases had which outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// As expected.
    pub passed: usize,
    /// Unexpected, or without an answer.
    pub failed: usize,
    /// Not run.
    pub skipped: usize,
}

impl CaseOutcome {
    /// What is wrong, in one line; `None` for a case that passed or was skipped.
    pub fn failure(&self) -> Option<String> {
        match self {
            CaseOutcome::Passed(_) | CaseOutcome::Skipped(_) => None,
            CaseOutcome::Failed(failure) => {
                Some(format!("expected {}, got {}", failure.expected, failure.answer))
            }
            CaseOutcome::Broken(message) => Some(message.clone()),
            CaseOutcome::Snapshot(snapshot) => snapshot.failure(),
        }
    }

    /// Why it is wrong, one line each, with places; empty for a case that passed or was skipped.
    pub fn reasons(&self) -> Vec<String> {
        let why = match self {
            CaseOutcome::Failed(failure) => failure.why.as_ref(),
            CaseOutcome::Snapshot(snapshot) => {
                return snapshot.changes().iter().map(Change::to_string).collect();
            }
            CaseOutcome::Passed(_) | CaseOutcome::Broken(_) | CaseOutcome::Skipped(_) => None,
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
            CaseOutcome::Passed(_) => "passed",
            CaseOutcome::Failed(_) => "failed",
            CaseOutcome::Broken(_) => "broken",
            CaseOutcome::Skipped(_) => "skipped",
            CaseOutcome::Snapshot(snapshot) => snapshot.word(),
        }
    }
}

impl SuiteResult {
    /// Counts the outcomes of its cases.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for case in &self.cases {
            match &case.outcome {
                CaseOutcome::Passed(_) => counts.passed += 1,
                CaseOutcome::Failed(_) | CaseOutcome::Broken(_) => counts.failed += 1,
                CaseOutcome::Skipped(_) => counts.skipped += 1,
                CaseOutcome::Snapshot(snapshot) => {
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
    /// Counts the outcomes of all suites.
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

    /// How far coverage is below the threshold; `None` if it is not.
    pub fn lacking(&self) -> Option<String> {
        let threshold = self.threshold?;
        let percent = self.coverage.as_ref()?.points().percent();
        (percent < threshold)
            .then(|| format!("coverage is {percent} %, below the threshold of {threshold} %"))
    }
}

/// Prints a report to standard output; for people, remarks about the run to standard error.
///
/// # Errors
///
/// If it cannot be written.
pub fn print(report: &Report, format: ReportFormat) -> Result<()> {
    let text = match format {
        ReportFormat::Human => {
            human::remark(report);
            human::text(report)
        }
        ReportFormat::Json => json::text(report)?,
        ReportFormat::Junit => junit::text(report)?,
        ReportFormat::Tap => tap::text(report),
        ReportFormat::Github => github::text(report),
        ReportFormat::Sarif => sarif::text(report)?,
    };
    output::print(&text)
}
