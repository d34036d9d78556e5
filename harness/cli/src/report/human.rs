//! For people: which module ran, a line for each suite, what failed and where, and the sum.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};

use super::{CaseResult, Counts, Outcome, Report, SuiteResult};
use crate::engine::Choice;

const GREEN: Style = AnsiColor::Green.on_default();
const RED: Style = AnsiColor::Red.on_default().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default();
const DIM: Style = Style::new().dimmed();
const BOLD: Style = Style::new().bold();

// Writing to a `String` cannot fail.
pub(super) fn text(report: &Report) -> String {
    let mut text = String::new();
    let engines = match report.engine {
        Choice::Both => "module and native engine",
        Choice::Wasm => "module",
        Choice::Native => "native engine only",
    };
    let _ = match &report.module {
        Some(module) => writeln!(text, "{DIM}{engines}: {module}{DIM:#}\n"),
        None => writeln!(text, "{DIM}{engines}{DIM:#}\n"),
    };
    for suite in &report.suites {
        self::suite(&mut text, suite, report.verbose);
    }
    for coverage in report
        .suites
        .iter()
        .filter_map(|suite| suite.coverage.as_ref().map(|coverage| (suite, coverage)))
    {
        let (suite, coverage) = coverage;
        let _ = writeln!(
            text,
            "\n{BOLD}coverage of {}{BOLD:#}\n{}",
            suite.name,
            coverage.text().trim_end()
        );
    }
    let counts = report.counts();
    let suites = report.suites.len();
    let _ = writeln!(
        text,
        "\n{} in {suites} suite{}",
        sum(&counts),
        if suites == 1 { "" } else { "s" }
    );
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
        suite.name,
        plain_sum(&counts)
    );
    for case in &suite.cases {
        self::case(text, case, verbose);
    }
}

fn case(text: &mut String, case: &CaseResult, verbose: bool) {
    let name = &case.name;
    let _ = match &case.outcome {
        Outcome::Passed(answer) if verbose => writeln!(text, "     {GREEN}ok{GREEN:#}   {name}: {answer}"),
        Outcome::Passed(_) => Ok(()),
        Outcome::Skipped(reason) => writeln!(text, "     {YELLOW}skip{YELLOW:#} {name}: {reason}"),
        Outcome::Failed { expected, answer } => writeln!(
            text,
            "     {RED}FAIL{RED:#} {name}\n          expected {expected}\n          got      {answer}\n          at {}",
            case.place.label()
        ),
        Outcome::Broken(message) => {
            writeln!(
                text,
                "     {RED}FAIL{RED:#} {name}\n          {message}\n          at {}",
                case.place.label()
            )
        }
    };
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
