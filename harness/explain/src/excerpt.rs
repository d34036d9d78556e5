//! A rule in its own text: each line with its number and whether its values matched; below a failed clause, the actual value.

use std::fmt::Write;
use std::ops::Range;
use std::sync::Arc;

use peerwarden_documents::shown::visible_up_to;
use peerwarden_documents::source::{Place, Source};
use peerwarden_documents::terminal::columns;
use peerwarden_documents::wrap::wrapped;
use peerwarden_engine::document::Path;
use peerwarden_engine::reference::{
    ClauseResult, ClauseTrace, PartTrace, PolicyTrace, RuleTrace, TcpReading,
};
use peerwarden_engine::resource::Rule;

use crate::diagnosis::Explainer;
use peerwarden_documents::colours::{BOLD, DIM, GREEN, RED, YELLOW};

/// Columns before the text of a line.
const GUTTER: usize = 10;

/// Lines of values that are shown behind the last line with a result.
const VALUES: usize = 5;

/// The result of a part of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sign {
    /// It held.
    Held,
    /// It is ignored on TCP.
    HttpOnly,
    /// It could not be established.
    Unknown,
    /// It failed.
    Failed,
}

/// A part of the text, its result, and the note below it.
struct Mark {
    place: Place,
    sign: Sign,
    note: Option<String>,
}

impl Sign {
    pub(super) fn of(matched: bool) -> Self {
        if matched { Self::Held } else { Self::Failed }
    }

    fn of_clause(result: ClauseResult) -> Self {
        match result {
            ClauseResult::Held => Self::Held,
            ClauseResult::Failed => Self::Failed,
            ClauseResult::Unavailable => Self::Unknown,
            ClauseResult::HttpOnly => Self::HttpOnly,
        }
    }

    /// The sign, distinguishable without colour too.
    pub(super) fn shown(self) -> String {
        match self {
            Self::Held => format!("{GREEN}+{GREEN:#}"),
            Self::Failed => format!("{RED}x{RED:#}"),
            Self::Unknown => format!("{YELLOW}?{YELLOW:#}"),
            Self::HttpOnly => format!("{DIM}-{DIM:#}"),
        }
    }
}

/// Writes the rule's text.
pub(super) fn rule(text: &mut String, explainer: &Explainer<'_>, policy: &PolicyTrace, rule: &RuleTrace) {
    let marks = marks(explainer, policy, rule);
    let Some(first) = marks.first() else { return };
    let source = Arc::clone(&first.place.source);
    let line = |mark: &Mark| source.position(mark.place.span.start).0;
    // A list may have its values on separate lines, after the marked part.
    let values = last_values(explainer, policy, rule);
    let values = values.map(|place| source.position(place.span.start).0);
    let marked = marks.iter().map(line).max().unwrap_or(0);
    let last = values.max().unwrap_or(0).clamp(marked, marked + VALUES);
    let lines: Range<usize> = line(first)..last + 1;
    let _ = writeln!(text, "  {DIM}{}:{}{DIM:#}", source.name, lines.start);
    for number in lines {
        let here: Vec<&Mark> = marks.iter().filter(|mark| line(mark) == number).collect();
        written(text, &source, number, &here);
    }
}

/// The places of the last values of the rule's clauses.
fn last_values(
    explainer: &Explainer<'_>,
    policy: &PolicyTrace,
    rule: &RuleTrace,
) -> impl Iterator<Item = Place> {
    let parts = rule
        .sources
        .iter()
        .chain(&rule.operations)
        .chain(&rule.conditions);
    let clauses = parts.flat_map(|part| &part.clauses);
    clauses.filter_map(|clause| {
        let last = clause.values.len().checked_sub(1)?;
        explainer.place(&policy.place, &clause.path.clone().index(last))
    })
}

/// The result of a rule, if unknown values may be anything.
pub(super) fn sign(rule: &RuleTrace) -> Sign {
    if rule.tcp == TcpReading::Dropped {
        return Sign::Failed;
    }
    let conditions = rule.conditions.iter().map(all);
    let parts = conditions.chain([any(&rule.sources), any(&rule.operations)]);
    parts.max().unwrap_or(Sign::Held)
}

/// The result of alternatives: the best of them. Without any, everything matches.
fn any(parts: &[PartTrace]) -> Sign {
    parts.iter().map(all).min().unwrap_or(Sign::Held)
}

/// The result of clauses that must all hold; ignored HTTP-only fields on TCP do not matter.
fn all(part: &PartTrace) -> Sign {
    let clauses = part.clauses.iter().map(|clause| Sign::of_clause(clause.result));
    clauses
        .filter(|sign| *sign != Sign::HttpOnly)
        .max()
        .unwrap_or(Sign::Held)
}

/// The place and the result of each part of the rule.
fn marks(explainer: &Explainer<'_>, policy: &PolicyTrace, rule: &RuleTrace) -> Vec<Mark> {
    let mut marks = Vec::new();
    let mut add = |path: &Path, sign, note| {
        if let Some(place) = explainer.place(&policy.place, path) {
            marks.push(Mark { place, sign, note });
        }
    };
    let path = Rule::path(rule.index);
    add(&path, sign(rule), None);
    for (name, parts) in [("from", &rule.sources), ("to", &rule.operations)] {
        if !parts.is_empty() {
            add(&path.clone().key(name), any(parts), None);
        }
    }
    for part in rule
        .sources
        .iter()
        .chain(&rule.operations)
        .chain(&rule.conditions)
    {
        add(&part.path, all(part), None);
        for clause in part.clauses.iter().filter(|clause| !clause.values.is_empty()) {
            let sign = Sign::of_clause(clause.result);
            let telling = match clause.matched.iter().position(|matched| *matched) {
                // For one that failed because it must not match, the value that did.
                Some(index) if clause.negative => clause.path.clone().index(index),
                Some(_) | None => clause.path.clone(),
            };
            add(&telling, sign, note(clause));
        }
    }
    marks
}

/// The note on a clause that did not simply hold.
fn note(clause: &ClauseTrace) -> Option<String> {
    match (clause.result, &clause.found) {
        (ClauseResult::Held, _) => None,
        (ClauseResult::HttpOnly, _) => Some("ignored on TCP".to_owned()),
        (ClauseResult::Unavailable, None) => Some("value unknown".to_owned()),
        (ClauseResult::Unavailable | ClauseResult::Failed, Some(found)) => {
            Some(format!("found {}", visible_up_to(found, 200)))
        }
        (ClauseResult::Failed, None) => Some("found nothing".to_owned()),
    }
}

/// One line of the policy, and the notes on it.
fn written(text: &mut String, source: &Source, number: usize, marks: &[&Mark]) {
    let start = source.lines().get(number - 1).copied().unwrap_or(0);
    let line = source
        .text
        .get(start..)
        .and_then(|rest| rest.lines().next())
        .unwrap_or_default();
    let worst = marks.iter().map(|mark| mark.sign).max();
    let sign = worst.map_or_else(|| " ".to_owned(), Sign::shown);
    let _ = writeln!(text, "{DIM}{number:>6}{DIM:#} {sign} {DIM}|{DIM:#} {}", cut(line));
    for mark in marks {
        let Some(note) = &mark.note else { continue };
        let before = source
            .text
            .get(start..mark.place.span.start)
            .unwrap_or_default()
            .chars()
            .count();
        let length = source
            .text
            .get(mark.place.span.clone())
            .map_or(1, |text| text.chars().count().max(1));
        // Text beyond the edge is shown at the start of the line.
        let (before, carets) = if before + length > columns() - GUTTER {
            (0, String::new())
        } else {
            (before, "^".repeat(length))
        };
        let style = match mark.sign {
            Sign::Failed => RED,
            Sign::Unknown => YELLOW,
            Sign::Held | Sign::HttpOnly => DIM,
        };
        let indent = " ".repeat(before);
        let note = wrapped(&format!("{carets} {note}"), GUTTER + 2 + before);
        let mut lines = note.lines();
        let _ = writeln!(
            text,
            "         {DIM}|{DIM:#} {indent}{style}{}{style:#}",
            lines.next().unwrap_or_default()
        );
        for more in lines {
            let more = more.trim_start();
            let _ = writeln!(text, "         {DIM}|{DIM:#} {indent}  {style}{more}{style:#}");
        }
    }
}

/// A line of text, cut to the available width.
fn cut(line: &str) -> String {
    shown_line(line, columns() - GUTTER - 1)
}

fn shown_line(line: &str, most: usize) -> String {
    let short: String = line.chars().take(most).collect();
    if short.len() < line.len() {
        format!("{short}{BOLD}…{BOLD:#}")
    } else {
        short
    }
}
