//! A report for people: the module, a line for each suite, each failure with its place, and the totals.

use std::fmt::Write;

use anstyle::Style;
use peerwarden_documents::colours::{self, BOLD, DIM, GREEN, YELLOW};
use peerwarden_documents::count::counted;
use peerwarden_documents::diagnostic::{self, Diagnostic};
use peerwarden_documents::remark;
use peerwarden_documents::shown::visible;
use peerwarden_documents::source::Place;
use peerwarden_documents::wrap::wrapped;

use super::{CaseOutcome, CaseResult, Counts, Detail, Failure, Report, SuiteResult, groups};
use crate::coverage;
use crate::snapshot::SnapshotResult;

const RED: Style = colours::RED.bold();

/// How many rows of a snapshot are shown.
const CHANGES: usize = 50;

/// The column at which the details of a failure begin.
const INDENT: usize = 20;

/// The largest number of failures with the same cause that are shown in full.
const ALIKE: usize = 3;

/// Says which engines decided.
pub(super) fn remark(report: &Report) {
    if report.suites.is_empty() {
        return;
    }
    let engines = report.engines;
    match &report.module {
        Some(module) => remark::remark(&format!("{DIM}{engines}: {module}{DIM:#}\n")),
        None => remark::remark(&format!("{DIM}{engines}{DIM:#}\n")),
    }
}

// Writing to a `String` cannot fail.
pub(super) fn text(report: &Report) -> String {
    let mut text = String::new();
    let errors = report.errors_for_people();
    for error in diagnostic::rendered(&errors) {
        let _ = writeln!(text, "{error}\n");
    }
    for suite in &report.broken {
        if !suite.name.is_empty() {
            let name = visible(&suite.name);
            let _ = writeln!(
                text,
                "{RED}FAIL{RED:#} {BOLD}{name}{BOLD:#} {DIM}cannot run{DIM:#}"
            );
        }
    }
    for suite in &report.suites {
        self::suite(&mut text, suite, report.detail);
    }
    if let Some(coverage) = &report.coverage {
        let all = report.detail == Detail::Everything;
        let _ = write!(text, "\n{}", coverage::view::text(coverage, all));
    }
    let counts = report.counts();
    let is_fine = counts.failed == 0 && report.broken.is_empty();
    let is_left_out = is_fine && report.detail == Detail::Failures;
    if !is_left_out && !report.suites.is_empty() {
        let suites = counted(report.suites.len() as u64, "suite");
        let _ = write!(text, "\n{} in {suites}", sum(&counts));
        if !report.broken.is_empty() {
            let broken = counted(report.broken.len() as u64, "suite");
            let _ = write!(text, "; {RED}{broken} cannot run{RED:#}");
        }
        if report.not_run > 0 {
            let not_run = counted(report.not_run as u64, "case");
            let _ = write!(
                text,
                "; {YELLOW}{not_run} not run{YELLOW:#}, because of the first failure"
            );
        }
        text.push('\n');
    }
    if let Some(lacking) = report.lacking() {
        let _ = writeln!(text, "{RED}{lacking}{RED:#}");
    }
    text
}

fn suite(text: &mut String, suite: &SuiteResult, detail: Detail) {
    let counts = suite.counts();
    let is_fine = counts.failed == 0 && suite.notes.is_empty();
    if is_fine && detail == Detail::Failures {
        return;
    }
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
    if detail == Detail::Everything {
        for case in &suite.cases {
            self::case(text, case, true);
        }
    } else {
        let mut groups = groups::of(&suite.cases).into_iter().peekable();
        for case in &suite.cases {
            if let Some(group) = groups.next_if(|group| group.begins_with(case)) {
                self::group(text, &group);
            } else if !matches!(case.outcome, CaseOutcome::Failed(_)) {
                self::case(text, case, false);
            }
        }
    }
    for note in &suite.notes {
        self::note(text, note);
    }
}

/// The first failures of a group, and how many more there are.
fn group(text: &mut String, group: &groups::Group<'_>) {
    // Leaving out only one saves nothing.
    let shown = if group.cases.len() == ALIKE + 1 {
        ALIKE + 1
    } else {
        ALIKE
    };
    for case in group.cases.iter().take(shown) {
        self::case(text, case, false);
    }
    let more = group.cases.len().saturating_sub(shown);
    if more > 0 {
        let more = counted(more as u64, "more failure");
        let said = format!("{more} like these: {}; `--verbose` shows all", group.cause());
        let said = wrapped(&visible(&said), 10);
        let _ = writeln!(text, "     {RED}and{RED:#}  {said}");
    }
}

fn note(text: &mut String, note: &Diagnostic) {
    let message = wrapped(&note.message, 10);
    let _ = writeln!(text, "     {YELLOW}note{YELLOW:#} {message}");
    if let Some(help) = &note.help {
        let _ = writeln!(text, "          {}", wrapped(&format!("help: {help}"), 10));
    }
    if let Some(place) = &note.place {
        let _ = writeln!(text, "          {DIM}at {}{DIM:#}", visible(&place.label()));
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
