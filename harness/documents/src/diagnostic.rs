//! Messages for people: what is wrong, where, and what to write instead.

use std::io::Write;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use crate::fix::Fix;
use crate::shown::visible;
use crate::source::Place;
use crate::terminal;
use crate::wrap::wrapped_at;

/// The severity of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Refused.
    Error,
    /// Accepted, but probably a mistake.
    Warning,
}

impl Severity {
    /// The name that reports use.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        }
    }
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Its severity.
    pub severity: Severity,
    /// The code of the lint that found it.
    pub code: Option<&'static str>,
    /// What is wrong.
    pub message: String,
    /// The place; `None` if unknown.
    pub place: Option<Place>,
    /// What to write instead.
    pub help: Option<String>,
    /// Rarely used parts of a message.
    pub details: Box<Details>,
}

/// Rarely used parts of a message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Details {
    /// Other places that the message mentions, each with a label.
    pub related: Vec<(Place, String)>,
    /// Evidence, such as a request and its verdict.
    pub notes: Vec<String>,
    /// A fix that is safe to apply without review.
    pub fix: Option<Fix>,
}

impl Diagnostic {
    /// An error.
    pub fn error(message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            code: None,
            message: message.into(),
            place: None,
            help: None,
            details: Box::default(),
        }
    }

    /// A finding of the lint with this code.
    pub fn found(code: &'static str, severity: Severity, message: impl Into<String>) -> Self {
        Self {
            severity,
            code: Some(code),
            ..Self::error(message)
        }
    }

    /// A warning that is not a finding of a lint.
    pub fn notice(message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(message)
        }
    }

    /// Sets the place.
    pub fn at(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }

    /// Sets the help: what to write instead.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds another place.
    pub fn also(mut self, place: Place, what: impl Into<String>) -> Self {
        self.details.related.push((place, what.into()));
        self
    }

    /// Adds the fix.
    pub fn fixed_by(mut self, fix: Fix) -> Self {
        self.details.fix = Some(fix);
        self
    }

    /// The whole message in plain lines, without the place: for formats that show the place themselves.
    pub fn in_lines(&self) -> String {
        let mut text = self.message.clone();
        for note in &self.details.notes {
            text.push_str(&format!("\nnote: {note}"));
        }
        if let Some(help) = &self.help {
            text.push_str(&format!("\nhelp: {help}"));
        }
        text
    }

    /// The message with the text underlined.
    fn render(&self) -> String {
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let columns = terminal::columns() - MARGIN;
        let wrapped = |text: &str| wrapped_at(text, 0, columns);
        let mut title = level.primary_title(wrapped(&self.message));
        if let Some(code) = self.code {
            title = title.id(code);
        }
        let mut group = Group::with_title(title);
        if let Some(place) = &self.place {
            group = if is_in_a_long_line(place) {
                let (line, column) = place.source.position(place.span.start);
                let origin = Origin::path(visible(&place.source.name));
                group.element(origin.line(line).char_column(column))
            } else {
                group.element(snippet(place, AnnotationKind::Primary, None))
            };
        }
        let related = self.details.related.iter();
        for (place, what) in related.filter(|(place, _)| !is_in_a_long_line(place)) {
            group = group.element(snippet(place, AnnotationKind::Context, Some(what)));
        }
        for note in &self.details.notes {
            group = group.element(Level::NOTE.message(wrapped(note)));
        }
        if let Some(help) = &self.help {
            group = group.element(Level::HELP.message(wrapped(help)));
        }
        let renderer = Renderer::styled().decor_style(DecorStyle::Ascii);
        renderer.render(&[group])
    }
}

/// Columns taken by `warning[PW005]: ` and the like.
const MARGIN: usize = 16;

/// Whether the place is in a line too long to read, such as a JSON file without line breaks.
fn is_in_a_long_line(place: &Place) -> bool {
    /// The longest line that is shown, in bytes.
    const LONGEST: usize = 2_000;
    let text = place.source.text.as_str();
    let lines = place.source.lines();
    let line = lines.partition_point(|start| *start <= place.span.start);
    let start = lines.get(line.saturating_sub(1)).copied().unwrap_or(0);
    let end = lines.get(line).copied().unwrap_or(text.len());
    end.saturating_sub(start) > LONGEST
}

/// The lines around a place: the renderer reads everything that it gets, and a file may have a thousand messages.
fn snippet<'p>(
    place: &'p Place,
    kind: AnnotationKind,
    label: Option<&'p str>,
) -> Snippet<'p, Annotation<'p>> {
    let Place { source, span } = place;
    let lines = source.lines();
    let line_of = |offset| source.position(offset).0;
    let first = line_of(span.start).saturating_sub(AROUND).max(1);
    let start = lines.get(first - 1).copied().unwrap_or(0);
    let after = lines.get(line_of(span.end) + AROUND).copied();
    let text = source.text.get(start..after.unwrap_or(source.text.len()));
    Snippet::source(text.unwrap_or_default())
        .line_start(first)
        .path(visible(&source.name))
        .annotation(kind.span(span.start - start..span.end - start).label(label))
}

/// Lines of context before and after a place.
const AROUND: usize = 2;

/// Prints messages to standard error; in colour only where colours are shown.
pub fn print<'d>(diagnostics: impl IntoIterator<Item = &'d Diagnostic>) {
    for message in rendered(diagnostics) {
        // If nobody reads it, neither the result nor the exit code changes.
        let _ = writeln!(anstream::stderr(), "{message}\n");
    }
}

/// The messages as they are printed; if there are very many, only the first ones and the number of the others.
pub fn rendered<'d>(diagnostics: impl IntoIterator<Item = &'d Diagnostic>) -> impl Iterator<Item = String> {
    /// The largest number of messages that are printed.
    const MOST: usize = 1_000;
    let mut all = diagnostics.into_iter();
    let mut messages: Vec<String> = all.by_ref().take(MOST).map(Diagnostic::render).collect();
    let others = all.count();
    if others > 0 {
        messages.push(Diagnostic::error(format!("{others} more messages are not shown")).render());
    }
    messages.into_iter()
}
