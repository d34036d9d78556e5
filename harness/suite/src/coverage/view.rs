//! Coverage for people: the policies' own text, with marks on everything that no case shows, in colour and without.

use std::fmt::Write;

use anstyle::Style;
use peerwarden_documents::colours::{BOLD, DIM, YELLOW};
use peerwarden_documents::source::{Place, Source};
use peerwarden_documents::terminal;

use super::marks::{self, Kind, Mark};
use super::{Coverage, Policy, Rule};

/// How many characters of a line of text are shown; policies in JSON may be one line of any length.
const SHOWN: usize = 160;

/// The column at which the text of a policy begins.
const INDENT: usize = 10;

/// The whole text; `all` also shows the rules that are fully covered. Writing to a `String` cannot fail.
pub fn text(coverage: &Coverage, all: bool) -> String {
    let mut text = String::new();
    let mut marked = false;
    for (file, policies) in coverage.files() {
        let points: super::Points = policies.iter().map(|policy| policy.points()).sum();
        let file = if file.is_empty() {
            "documents in lists"
        } else {
            file
        };
        let _ = writeln!(
            text,
            "{BOLD}coverage of {file}{BOLD:#}: {} of {} points, {} %\n",
            points.covered,
            points.total,
            points.percent()
        );
        for policy in policies {
            marked |= self::policy(&mut text, policy, all);
        }
        text.push('\n');
    }
    if marked {
        let kinds = [Kind::Decisive, Kind::Both, Kind::NeverFalse, Kind::NeverTrue];
        for kind in kinds {
            let style = kind.style();
            let _ = writeln!(
                text,
                "  {style}{}{style:#} {DIM}{}{DIM:#}",
                kind.sign(),
                kind.meaning()
            );
        }
        text.push('\n');
    }
    let points = coverage.points();
    let _ = writeln!(
        text,
        "coverage: {} of {} points, {} %",
        points.covered,
        points.total,
        points.percent()
    );
    text
}

/// Returns whether any of its text is shown.
fn policy(text: &mut String, policy: &Policy, all: bool) -> bool {
    let (points, rules) = (policy.points(), policy.rules_matched());
    let line = policy
        .place
        .as_ref()
        .map(|place| format!(" (line {})", line(place)));
    let counts = format!(
        "{} of {} rules matched, {} of {} points",
        rules.covered, rules.total, points.covered, points.total
    );
    let (style, said) = match (policy.applies, policy.rules.is_empty(), policy.dry_run) {
        (false, _, _) => (YELLOW, "applies to no suite's workload".to_owned()),
        (true, true, _) => (Style::new(), "it has no rules, so it matches nothing".to_owned()),
        (true, false, true) => (Style::new(), format!("{counts} (dry run)")),
        (true, false, false) => (Style::new(), counts),
    };
    let _ = writeln!(
        text,
        "  {:5} {BOLD}{}{BOLD:#}{DIM}{}{DIM:#}: {style}{said}{style:#}",
        policy.action.as_str(),
        policy.name,
        line.unwrap_or_default(),
    );
    let shown = policy.rules.iter().filter(|rule| all || !rule.points().all());
    let shown: Vec<&Rule> = shown.filter(|_| policy.applies).collect();
    for rule in &shown {
        self::rule(text, rule);
    }
    if !shown.is_empty() {
        text.push('\n');
    }
    !shown.is_empty()
}

fn rule(text: &mut String, rule: &Rule) {
    let counts = format!(
        "rule {}: matched {}, missed {}, decided {}",
        rule.index, rule.matched, rule.missed, rule.decided
    );
    let _ = writeln!(text, "\n    {DIM}{counts}{DIM:#}");
    let marks = marks::of(rule);
    let lines = marks.iter().map(|mark| line(&mark.place));
    let Some((first, last)) = lines.clone().min().zip(lines.max()) else {
        return;
    };
    let Some(source) = marks.first().map(|mark| &mark.place.source) else {
        return;
    };
    for (number, written) in (first..)
        .zip(source.text.lines().skip(first - 1))
        .take(last + 1 - first)
    {
        let here: Vec<&Mark> = marks.iter().filter(|mark| line(&mark.place) == number).collect();
        self::written(text, number, written, &here, source);
    }
}

/// One line of the policy, and below it what is missing.
fn written(text: &mut String, number: usize, written: &str, marks: &[&Mark], source: &Source) {
    let worst = marks.iter().map(|mark| mark.kind).max();
    let (sign, style) = worst.map_or((' ', Style::new()), |kind| (kind.sign(), kind.style()));
    let _ = write!(
        text,
        "{DIM}{number:>5}{DIM:#} {style}{sign}{style:#} {DIM}|{DIM:#} "
    );
    if written.chars().count() > SHOWN {
        let _ = writeln!(text, "{DIM}(a long line){DIM:#}");
        for mark in marks {
            let (sign, style) = (mark.kind.sign(), mark.kind.style());
            let note = mark.note.map(|note| format!(": {note}")).unwrap_or_default();
            let _ = writeln!(
                text,
                "        {DIM}|{DIM:#} {style}{sign} {}{note}{style:#}",
                printable(&mark.label)
            );
        }
        return;
    }
    // The bytes of the line with the mark; the last mark of a byte counts.
    let start = source
        .text
        .lines()
        .take(number - 1)
        .map(|line| line.len() + 1)
        .sum::<usize>();
    let mut at = 0;
    let mut sorted: Vec<&&Mark> = marks.iter().collect();
    sorted.sort_by_key(|mark| mark.place.span.start);
    for mark in sorted {
        let from = mark.place.span.start.saturating_sub(start).min(written.len());
        let to = mark.place.span.end.saturating_sub(start).min(written.len());
        let (Some(before), Some(on)) = (written.get(at..from), written.get(from..to)) else {
            continue;
        };
        let style = mark.kind.style();
        let _ = write!(text, "{}{style}{}{style:#}", printable(before), printable(on));
        at = to;
    }
    let _ = writeln!(text, "{}", printable(written.get(at..).unwrap_or_default()));
    notes(text, marks);
}

/// What is missing, under the text that it refers to; the same note on several parts of a line is shown once.
fn notes(text: &mut String, marks: &[&Mark]) {
    let mut told: Vec<&str> = Vec::new();
    for mark in marks {
        let Some(note) = mark.note else { continue };
        if told.contains(&note) {
            continue;
        }
        told.push(note);
        let mut carets = String::new();
        let same = marks.iter().filter(|other| other.note == Some(note));
        let mut spans: Vec<(usize, usize)> = same.map(|mark| columns(&mark.place)).collect();
        spans.sort_unstable();
        for (from, to) in spans {
            let width = carets.chars().count();
            carets.push_str(&" ".repeat(from.saturating_sub(width)));
            carets.push_str(&"^".repeat(to.saturating_sub(from.max(width))));
        }
        let style = mark.kind.style();
        let width = INDENT + carets.chars().count() + 1 + note.chars().count();
        if width <= terminal::columns() {
            let _ = writeln!(text, "        {DIM}|{DIM:#} {style}{carets} {note}{style:#}");
        } else {
            let space = " ".repeat(
                carets
                    .find('^')
                    .unwrap_or(0)
                    .min(terminal::columns().saturating_sub(INDENT + note.len().min(60))),
            );
            let _ = writeln!(text, "        {DIM}|{DIM:#} {style}{carets}{style:#}");
            let _ = writeln!(text, "        {DIM}|{DIM:#} {style}{space}{note}{style:#}");
        }
    }
}

/// The columns of a place, counted from 0.
fn columns(place: &Place) -> (usize, usize) {
    let (_, column) = place.source.position(place.span.start);
    let width = place
        .source
        .text
        .get(place.span.clone())
        .map_or(1, |text| text.chars().count());
    (column - 1, column - 1 + width.max(1))
}

fn line(place: &Place) -> usize {
    place.source.position(place.span.start).0
}

/// The text with one character in place of each that would move the cursor.
fn printable(text: &str) -> String {
    text.chars()
        .map(|ch| if ch.is_control() { ' ' } else { ch })
        .collect()
}
