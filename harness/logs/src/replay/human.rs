//! The report for people.

use std::collections::BTreeSet;
use std::fmt::Write;

use anstyle::Style;
use peerwarden_documents::colours::{self, BOLD, DIM};
use peerwarden_documents::count::{counted, grouped};

use super::change::Change;
use super::report::{BaselineName, Group, Report};
use crate::access_log::operator::telling;

const GREEN: Style = colours::GREEN.bold();
const RED: Style = colours::RED.bold();
const YELLOW: Style = colours::YELLOW.bold();

/// The largest number of callers shown for a rule; the JSON lists all.
const CALLERS: usize = 10;

/// The whole text; with `all`, also lines that do not change. Writing to a `String` cannot fail.
pub fn text(report: &Report, all: bool) -> String {
    let mut text = String::new();
    for change in Change::ALL {
        let told = match change {
            Change::NewlyDenied
            | Change::NewlyAllowed
            | Change::Unknown
            | Change::Denied
            | Change::Allowed => true,
            Change::StillUnknown | Change::StillDenied | Change::StillAllowed => all,
        };
        if told && report.of(change) > 0 {
            self::change(&mut text, change, report);
            text.push('\n');
        }
    }
    let compared = match report.compared_with {
        BaselineName::Log => "compared with what the log recorded",
        BaselineName::Old => "compared with the old policies",
    };
    let _ = writeln!(
        text,
        "{BOLD}{}{BOLD:#} {compared}:",
        counted(report.lines, "line")
    );
    for change in Change::ALL {
        let lines = report.of(change);
        let always = matches!(
            change,
            Change::NewlyDenied | Change::NewlyAllowed | Change::Unknown
        );
        if lines > 0 || always {
            let style = if lines > 0 { style(change) } else { DIM };
            let _ = writeln!(text, "{style}{:>12} {}{style:#}", grouped(lines), change.words());
        }
    }
    refused(&mut text, report);
    let open = report
        .groups
        .iter()
        .filter(|group| group.change == Change::Unknown);
    let missing: BTreeSet<&String> = open.flat_map(|group| &group.lacks).collect();
    if !missing.is_empty() {
        text.push_str("\nFor more verdicts, configure Envoy to log:\n");
    }
    for attribute in missing {
        let operator = telling(attribute);
        let operator = operator.as_deref().unwrap_or("no operator logs it");
        let _ = writeln!(text, "  `{attribute}`: {operator}");
    }
    text
}

/// Writing to a `String` cannot fail.
fn refused(text: &mut String, report: &Report) {
    let lines = report.refused.values().sum();
    if lines == 0 {
        return;
    }
    let _ = writeln!(
        text,
        "\n{BOLD}{} more{BOLD:#}, for which no policy was evaluated:",
        counted(lines, "line")
    );
    for (why, lines) in &report.refused {
        let _ = writeln!(text, "{:>12} {why}", grouped(*lines));
    }
}

fn style(change: Change) -> Style {
    match change {
        Change::NewlyDenied | Change::Denied => RED,
        Change::NewlyAllowed | Change::Allowed => GREEN,
        Change::Unknown => YELLOW,
        Change::StillUnknown | Change::StillDenied | Change::StillAllowed => DIM,
    }
}

fn change(text: &mut String, change: Change, report: &Report) {
    let style = style(change);
    let _ = writeln!(
        text,
        "{style}{}{style:#} {}",
        change.words().to_uppercase(),
        counted(report.of(change), "line")
    );
    let groups: Vec<&Group> = report
        .groups
        .iter()
        .filter(|group| group.change == change)
        .collect();
    for group in groups.chunk_by(|one, other| (&one.rule, &one.lacks) == (&other.rule, &other.lacks)) {
        let Some(first) = group.first() else { continue };
        if first.lacks.is_empty() {
            let _ = writeln!(text, "  {BOLD}{}{BOLD:#}", first.rule);
        } else {
            let lacks = first.lacks.join("`, `");
            let _ = writeln!(text, "  {BOLD}{}{BOLD:#} depends on `{lacks}`", first.rule);
        }
        for group in group.iter().take(CALLERS) {
            let Group {
                lines,
                caller,
                example,
                ..
            } = group;
            let _ = writeln!(text, "{:>12}  {caller}", grouped(*lines));
            let _ = writeln!(
                text,
                "              {DIM}{}:{}{DIM:#} {}",
                example.log, example.line, example.asks
            );
        }
        if group.len() > CALLERS {
            let more = group.iter().skip(CALLERS);
            let lines = more.clone().map(|group| group.lines).sum();
            let _ = writeln!(
                text,
                "{:>12}  {DIM}of {} more callers{DIM:#}",
                grouped(lines),
                more.count()
            );
        }
    }
}
