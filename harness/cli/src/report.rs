//! What came of a test run, in several forms.

pub(crate) mod coverage;
mod github;
mod human;
mod json;
mod junit;
mod tap;

use anyhow::Result;
use clap::ValueEnum;

use crate::engine::{Answer, Choice};
use crate::exit::Exit;
use crate::module::Shipped;
use crate::output;
use crate::source::Place;
use coverage::Coverage;

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
}

/// A whole run.
pub(crate) struct Report {
    /// The module that was run, if it was.
    pub(crate) module: Option<Shipped>,
    pub(crate) engine: Choice,
    /// Whether passed cases are shown one by one.
    pub(crate) verbose: bool,
    pub(crate) suites: Vec<SuiteResult>,
}

/// One suite.
pub(crate) struct SuiteResult {
    /// Its path as it was given.
    pub(crate) name: String,
    pub(crate) cases: Vec<CaseResult>,
    pub(crate) coverage: Option<Coverage>,
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
    Passed(Answer),
    Failed {
        expected: String,
        answer: Answer,
    },
    /// An engine gave no answer, or the two disagree.
    Broken(String),
    /// Not run, for this reason.
    Skipped(String),
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
            Outcome::Failed { expected, answer } => Some(format!("expected {expected}, got {answer}")),
            Outcome::Broken(message) => Some(message.clone()),
        }
    }

    fn word(&self) -> &'static str {
        match self {
            Outcome::Passed(_) => "passed",
            Outcome::Failed { .. } => "failed",
            Outcome::Broken(_) => "broken",
            Outcome::Skipped(_) => "skipped",
        }
    }
}

impl SuiteResult {
    pub(crate) fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for case in &self.cases {
            match &case.outcome {
                Outcome::Passed(_) => counts.passed += 1,
                Outcome::Failed { .. } | Outcome::Broken(_) => counts.failed += 1,
                Outcome::Skipped(_) => counts.skipped += 1,
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

    /// 1 for failed cases, 3 for an engine that broke.
    pub(crate) fn exit(&self) -> Exit {
        let outcomes = self
            .suites
            .iter()
            .flat_map(|suite| &suite.cases)
            .map(|case| &case.outcome);
        let exits = outcomes.map(|outcome| match outcome {
            Outcome::Passed(_) | Outcome::Skipped(_) => Exit::Fine,
            Outcome::Failed { .. } => Exit::Findings,
            Outcome::Broken(_) => Exit::Internal,
        });
        exits.max().unwrap_or(Exit::Fine)
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
    };
    output::print(&text)
}
