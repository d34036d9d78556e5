//! A report for people: the module, a line for each suite, each failure with its place, and the totals.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};
use peerwarden_documents::shown::visible;
use peerwarden_documents::source::Place;
use peerwarden_documents::wrap::wrapped;

use super::{CaseOutcome, CaseResult, Counts, Failure, Report, SuiteResult};
use crate::coverage;
use crate::snapshot::SnapshotResult;

const GREEN: Style = AnsiColor::Green.on_default();
const RED: Style = AnsiColor::Red.on_default().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default();
const DIM: Style = Style::new().dimmed();
const BOLD: Style = Style::new().bold();

/// How many rows of a snapshot are shown.
const CHANGES: usize = 50;

/// The column at which the details of a failure begin.
const INDENT: usize = 20;

// Writing to a `String` cannot fail.
pub(super) fn text(report: &Report) -> String {
    let mut text = String::new();
    let engines = report.engines;
    let _ = match &report.module {
        Some(module) => writeln!(text, "{DIM}{engines}: {module}{DIM:#}\n"),
        None => writeln!(text, "{DIM}{engines}{DIM:#}\n"),
    };
    for suite in &report.suites {
        self::suite(&mut text, suite, report.verbose);
    }
    if let Some(coverage) = &report.coverage {
        let _ = write!(text, "\n{}", coverage::view::text(coverage, report.verbose));
    }
    let counts = report.counts();
    let suites = report.suites.len();
    let _ = writeln!(
        text,
        "\n{} in {suites} suite{}",
        sum(&counts),
        if suites == 1 { "" } else { "s" }
    );
    if let Some(lacking) = report.lacking() {
        let _ = writeln!(text, "{RED}{lacking}{RED:#}");
    }
    text
}

fn suite(text: &mut String, suite: &SuiteResult, verbose: bool) {
    let counts = suite.counts();
    let mark = if counts.failed == 0 {
        format!("{GREEN}ok  {GREEN:#}")
    } else {
        format!("{RED}FAIL{RED:#}")
    };
    let _ = writeln!(
        text,
        "{mark} {BOLD}{}{BOLD:#} {DIM}{}{DIM:#}",
        visible(&suite.name),
        plain_sum(&counts)
    );
    for case in &suite.cases {
        self::case(text, case, verbose);
    }
    for note in &suite.notes {
        let _ = writeln!(text, "     {YELLOW}note{YELLOW:#} {}", visible(note));
    }
}

fn case(text: &mut String, case: &CaseResult, verbose: bool) {
    let name = visible(&case.name);
    let _ = match &case.outcome {
        CaseOutcome::Passed(answer) if verbose => {
            writeln!(text, "     {GREEN}ok{GREEN:#}   {name}: {answer}")
        }
        CaseOutcome::Passed(_) => Ok(()),
        CaseOutcome::Skipped(reason) => {
            writeln!(text, "     {YELLOW}skip{YELLOW:#} {name}: {}", visible(reason))
        }
        CaseOutcome::Failed(failure) => {
            let _ = writeln!(text, "     {RED}FAIL{RED:#} {name}");
            self::failure(text, failure);
            writeln!(text, "{}", line("at", &case.place.label(), DIM))
        }
        CaseOutcome::Snapshot(snapshot) => {
            self::snapshot(text, case, snapshot, verbose);
            Ok(())
        }
        CaseOutcome::Broken(message) => {
            let _ = writeln!(text, "     {RED}FAIL{RED:#} {name}");
            writeln!(
                text,
                "{}\n{}",
                line("broken", message, RED),
                line("at", &case.place.label(), DIM)
            )
        }
    };
}

/// Changed rows are shown whether the snapshot failed or was written again.
fn snapshot(text: &mut String, case: &CaseResult, snapshot: &SnapshotResult, verbose: bool) {
    let name = visible(&case.name);
    match (snapshot.failure(), snapshot.note()) {
        (Some(failure), _) => {
            let _ = writeln!(
                text,
                "     {RED}FAIL{RED:#} {name}\n          {}",
                wrapped(&failure, 10)
            );
        }
        (None, note) if verbose || snapshot.is_written() => {
            let _ = writeln!(text, "     {GREEN}ok{GREEN:#}   {name}: {note}");
        }
        (None, _) => {}
    }
    for change in snapshot.changes().iter().take(CHANGES) {
        let (peer, request) = (visible(&change.peer), visible(&change.request));
        let _ = writeln!(text, "          {BOLD}{peer}: {request}{BOLD:#}");
        for (sign, style, decision) in [("-", RED, &change.was), ("+", GREEN, &change.is)] {
            if let Some(decision) = decision {
                let decision = wrapped(&visible(decision), 14);
                let _ = writeln!(text, "            {style}{sign} {decision}{style:#}");
            }
        }
    }
    let more = snapshot.changes().len().saturating_sub(CHANGES);
    if more > 0 {
        let _ = writeln!(text, "          {DIM}and {more} more rows{DIM:#}");
    }
    if snapshot.failure().is_some() {
        let _ = writeln!(text, "          {DIM}at {}{DIM:#}", visible(&case.place.label()));
    }
}

fn failure(text: &mut String, failure: &Failure) {
    let Failure {
        expected,
        answer,
        why,
    } = failure;
    let _ = writeln!(text, "{}", line("expected", expected, GREEN));
    let _ = writeln!(text, "{}", line("got", &answer.decision.to_string(), RED));
    let Some(why) = why else { return };
    let at = |place: &Option<Place>| match place {
        Some(place) => format!(" ({})", place.label()),
        None => String::new(),
    };
    if let Some(deciding) = &why.deciding {
        let said = format!("{deciding}{}", at(&deciding.place));
        let _ = writeln!(text, "{}", line("decided", &said, Style::new()));
    }
    if let Some(near) = &why.near_miss {
        let said = format!("{near}{}", at(&near.place));
        let _ = writeln!(text, "{}", line("near miss", &said, YELLOW));
    }
    if let Some(note) = &why.note {
        let _ = writeln!(text, "{}", line("note", note, YELLOW));
    }
}

/// A detail of a failure, wrapped if it does not fit on one line.
fn line(label: &str, said: &str, style: Style) -> String {
    let said = wrapped(&visible(said), INDENT);
    format!("          {label:9} {style}{said}{style:#}")
}

fn sum(counts: &Counts) -> String {
    let Counts {
        passed,
        failed,
        skipped,
    } = counts;
    let style = if *failed == 0 { GREEN } else { RED };
    let mut text = format!("{style}{passed} passed, {failed} failed{style:#}");
    if *skipped > 0 {
        let _ = write!(text, ", {YELLOW}{skipped} skipped{YELLOW:#}");
    }
    text
}

fn plain_sum(counts: &Counts) -> String {
    anstream::adapter::strip_str(&sum(counts)).to_string()
}
