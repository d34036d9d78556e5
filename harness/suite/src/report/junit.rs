//! JUnit XML, written by the crate that nextest uses.

use anyhow::{Context, Result};
use peerwarden_documents::diagnostic::Diagnostic;
use quick_junit::{NonSuccessKind, Property, Report as Junit, TestCase, TestCaseStatus, TestSuite};

use super::{CaseOutcome, Report};

/// A message with its place, in plain lines.
fn described(diagnostic: &Diagnostic) -> String {
    let at = diagnostic
        .place
        .as_ref()
        .map(|place| format!("\nat {}", place.label()));
    diagnostic.in_lines() + &at.unwrap_or_default()
}

pub(super) fn text(report: &Report) -> Result<String> {
    let mut junit = Junit::new("peerwarden");
    for broken in &report.broken {
        let name = if broken.name.is_empty() {
            "peerwarden"
        } else {
            broken.name.as_str()
        };
        let mut test_suite = TestSuite::new(name);
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
        status.set_message("the suite cannot run");
        let described: Vec<String> = broken.wrong.iter().map(described).collect();
        status.set_description(described.join("\n\n"));
        let mut test_case = TestCase::new("cannot run", status);
        test_case.set_classname(name);
        test_suite.add_test_case(test_case);
        junit.add_test_suite(test_suite);
    }
    for suite in &report.suites {
        let mut test_suite = TestSuite::new(suite.name.as_str());
        if let Some(module) = &report.module {
            test_suite.add_property(Property::new("module", module.path.display().to_string()));
            test_suite.add_property(Property::new("module.sha256", module.sha256.as_str()));
        }
        for case in &suite.cases {
            let mut status = match &case.outcome {
                CaseOutcome::Passed(_) => TestCaseStatus::success(),
                CaseOutcome::Failed(_) => TestCaseStatus::non_success(NonSuccessKind::Failure),
                CaseOutcome::Broken(_) => TestCaseStatus::non_success(NonSuccessKind::Error),
                CaseOutcome::Skipped(_) => TestCaseStatus::skipped(),
                CaseOutcome::Snapshot(snapshot) => match snapshot.failure() {
                    Some(_) => TestCaseStatus::non_success(NonSuccessKind::Failure),
                    None => TestCaseStatus::success(),
                },
            };
            if let Some(failure) = case.outcome.failure() {
                status.set_message(failure);
                let mut lines = case.outcome.reasons();
                lines.push(format!("at {}", case.place.label()));
                status.set_description(lines.join("\n"));
            }
            if let CaseOutcome::Skipped(reason) = &case.outcome {
                status.set_message(reason.as_str());
            }
            let mut test_case = TestCase::new(case.name.as_str(), status);
            test_case.set_classname(suite.name.as_str());
            test_suite.add_test_case(test_case);
        }
        if !suite.notes.is_empty() {
            let notes: Vec<String> = suite.notes.iter().map(described).collect();
            test_suite.set_system_out(notes.join("\n\n"));
        }
        junit.add_test_suite(test_suite);
    }
    let text = junit
        .to_string()
        .context("the report cannot be written as JUnit XML")?;
    Ok(text)
}
