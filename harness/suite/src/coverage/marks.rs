//! The marks on the parts of a rule's text.

use anstyle::{AnsiColor, Style};
use peerwarden_documents::source::Place;

use super::{Clause, Rule, Value};

/// How well a part is covered; greater is worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Decisive,
    Both,
    NeverFalse,
    NeverTrue,
}

impl Kind {
    /// A sign that is distinguishable without colour.
    pub(super) fn sign(self) -> char {
        match self {
            Kind::Decisive => '+',
            Kind::Both => '=',
            Kind::NeverFalse => '~',
            Kind::NeverTrue => 'x',
        }
    }

    pub(super) fn meaning(self) -> &'static str {
        match self {
            Kind::Decisive => "true and false, and a verdict depended on it",
            Kind::Both => "true and false, but no verdict depended on it alone",
            Kind::NeverFalse => "never false: no case shows what it excludes",
            Kind::NeverTrue => "never true",
        }
    }

    pub(super) fn style(self) -> Style {
        match self {
            Kind::Decisive => AnsiColor::Green.on_default(),
            Kind::Both => AnsiColor::Cyan.on_default(),
            Kind::NeverFalse => AnsiColor::Yellow.on_default(),
            Kind::NeverTrue => AnsiColor::Red.on_default(),
        }
    }
}

/// A part of the text, and its coverage.
#[derive(Debug, Clone)]
pub(super) struct Mark {
    pub(super) place: Place,
    pub(super) kind: Kind,
    /// A label for it, if the text itself cannot be shown.
    pub(super) label: String,
    /// What is missing; `None` if nothing is.
    pub(super) note: Option<&'static str>,
}

/// The marks of a rule, in the order of its parts.
pub(super) fn of(rule: &Rule) -> Vec<Mark> {
    let mut marks = Vec::new();
    if let Some(place) = &rule.place {
        let (kind, note) = match (rule.matched, rule.missed, rule.decided) {
            (0, _, _) => (Kind::NeverTrue, Some("no case matches this rule")),
            (_, 0, _) if !rule.clauses.is_empty() => (Kind::NeverFalse, Some("every case matches this rule")),
            (_, _, 0) => (Kind::Both, None),
            (_, _, _) => (Kind::Decisive, None),
        };
        let label = format!("rule {}", rule.index);
        marks.push(Mark {
            place: word(place),
            kind,
            label,
            note,
        });
    }
    for clause in &rule.clauses {
        marks.extend(of_clause(clause));
    }
    marks
}

/// The whole name that a mapping begins with: the place of a rule is that of its first field.
fn word(place: &Place) -> Place {
    let rest = place.source.text.get(place.span.start..).unwrap_or_default();
    let length = rest.find(|ch: char| !ch.is_alphanumeric()).unwrap_or(rest.len());
    Place {
        source: std::sync::Arc::clone(&place.source),
        span: place.span.start..place.span.start + length.max(1),
    }
}

fn of_clause(clause: &Clause) -> Vec<Mark> {
    let (kind, note) = match (clause.held, clause.failed, clause.negative) {
        (0, 0, _) => (Kind::NeverTrue, Some("no case has it")),
        (0, _, false) => (Kind::NeverTrue, Some("no case matches it")),
        (0, _, true) => (Kind::NeverTrue, Some("every case has an excluded value")),
        (_, 0, false) => (Kind::NeverFalse, Some("every case matches it")),
        (_, 0, true) => (Kind::NeverFalse, Some("no case has the excluded value")),
        (_, _, _) if clause.decisive > 0 => (Kind::Decisive, None),
        (_, _, _) => (Kind::Both, None),
    };
    let mark = |place: &Option<Place>, kind, label, note| {
        let place = place.clone()?;
        Some(Mark {
            place,
            kind,
            label,
            note,
        })
    };
    if let [only] = clause.values.as_slice() {
        let label = format!("{}: {}", clause.field, only.text);
        return mark(&only.place, kind, label, note).into_iter().collect();
    }
    let field = mark(&clause.place, kind, clause.field.clone(), note);
    let values = clause.values.iter().filter_map(|value| {
        let (kind, note) = of_value(value, clause, kind, note.is_some());
        mark(
            &value.place,
            kind,
            format!("{}: {}", clause.field, value.text),
            note,
        )
    });
    field.into_iter().chain(values).collect()
}

/// The mark of one of several values; if the whole clause lacks the same, only the clause's mark says so.
fn of_value(value: &Value, clause: &Clause, kind: Kind, said: bool) -> (Kind, Option<&'static str>) {
    match (value.matched, clause.negative) {
        (0, false) => (
            Kind::NeverTrue,
            (kind != Kind::NeverTrue).then_some("no case matches it"),
        ),
        (0, true) => (
            Kind::NeverFalse,
            (!said).then_some("no case has the excluded value"),
        ),
        (_, _) => (kind, None),
    }
}
