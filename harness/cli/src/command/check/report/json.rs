//! One JSON document, of the schema `harness/cli/schema/check.schema.json`.

use std::path::PathBuf;

use anyhow::{Context, Result};
use peerwarden_documents::diagnostic::Severity;
use schemars::JsonSchema;
use serde::Serialize;

use super::super::result::CheckResult;
use crate::finding_report::Finding;

/// What `check` found.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Report<'c> {
    /// Policies that were checked.
    documents: usize,
    /// Suites that were checked.
    suites: usize,
    /// Findings that are errors.
    errors: usize,
    /// Findings that are warnings.
    warnings: usize,
    /// Files that `peerwarden.toml` excludes.
    excluded: usize,
    /// Files in folders in which no document is of a known kind.
    #[serde(rename = "passedOver")]
    passed_over: Vec<String>,
    /// Files in folders that are not YAML and mention no policy.
    unreadable: Vec<String>,
    /// Files and folders that cannot be opened.
    closed: Vec<String>,
    /// Kustomize patches of policies, which are not checked.
    patches: Vec<String>,
    /// Helm charts in folders, whose templates are not checked.
    charts: Vec<String>,
    /// Findings, in the order of the files.
    findings: Vec<Finding<'c>>,
    /// Suppressed findings.
    suppressed: Vec<SuppressedFinding<'c>>,
    /// Policies that are too complex for PW012, PW013 and PW014, each with the reason: nothing is claimed about them.
    unproved: &'c [String],
}

/// A finding that is suppressed.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SuppressedFinding<'c> {
    /// The reason.
    reason: &'c str,
    /// The finding.
    finding: Finding<'c>,
}

pub(super) fn text(checked: &CheckResult) -> Result<String> {
    let suppressed = |(finding, reason)| SuppressedFinding {
        reason,
        finding: Finding::of(finding),
    };
    let report = Report {
        documents: checked.documents,
        suites: checked.suites,
        errors: checked.count(Severity::Error),
        warnings: checked.count(Severity::Warning),
        excluded: checked.excluded,
        passed_over: texts(checked.passed_over.files.iter()),
        unreadable: texts(checked.passed_over.unreadable.iter().map(|(path, _)| path)),
        closed: texts(checked.passed_over.closed.iter().map(|(path, _)| path)),
        patches: texts(checked.passed_over.patches.iter().map(|(path, _)| path)),
        charts: texts(checked.passed_over.charts.iter().map(|chart| &chart.folder)),
        findings: checked.findings.iter().map(Finding::of).collect(),
        suppressed: checked
            .suppressed
            .iter()
            .map(|(finding, reason)| suppressed((finding, reason.as_str())))
            .collect(),
        unproved: &checked.unproved,
    };
    let text = serde_json::to_string_pretty(&report).context("the report cannot be written as JSON")?;
    Ok(text + "\n")
}

fn texts<'p>(paths: impl Iterator<Item = &'p PathBuf>) -> Vec<String> {
    paths.map(|path| path.display().to_string()).collect()
}
