//! What is wrong, where, and what to write instead, for people.

use std::io::Write;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use crate::fix::Fix;
use crate::shown::visible;
use crate::source::Place;
use crate::terminal;
use crate::wrap::wrapped_at;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It is refused.
    Error,
    /// It is accepted, and probably not meant.
    Warning,
}

impl Severity {
    /// As reports write it.
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
    /// How bad it is.
    pub severity: Severity,
    /// The lint that found it.
    pub code: Option<&'static str>,
    /// What is wrong.
    pub message: String,
    /// Where, if that is known.
    pub place: Option<Place>,
    /// What to write instead.
    pub help: Option<String>,
    /// What few messages have.
    pub details: Box<Details>,
}

/// What few messages have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Details {
    /// Other places that the message speaks of, each with what it is.
    pub related: Vec<(Place, String)>,
    /// What shows that it is so, such as a request and what is decided.
    pub notes: Vec<String>,
    /// What mends it without anybody's judgement.
    pub fix: Option<Fix>,
}

impl Diagnostic {
    /// What is refused.
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

    /// What the lint of this code finds.
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

    /// Names the place.
    pub fn at(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }

    /// Says what to write instead.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Names another place.
    pub fn also(mut self, place: Place, what: impl Into<String>) -> Self {
        self.details.related.push((place, what.into()));
        self
    }

    /// Adds the change that fixes it.
    pub fn fixed_by(mut self, fix: Fix) -> Self {
        self.details.fix = Some(fix);
        self
    }

    /// All of it in plain lines, without the place: for formats that show the place themselves.
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

    /// With the text underlined.
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

/// Columns that `warning[PW005]: ` and the like take of a line.
const MARGIN: usize = 16;

/// Whether a place is in a line that nobody can read, such as a file of JSON without line breaks.
fn is_in_a_long_line(place: &Place) -> bool {
    /// Bytes of a line that is shown.
    const LONGEST: usize = 2_000;
    let text = place.source.text.as_str();
    let lines = place.source.lines();
    let line = lines.partition_point(|start| *start <= place.span.start);
    let start = lines.get(line.saturating_sub(1)).copied().unwrap_or(0);
    let end = lines.get(line).copied().unwrap_or(text.len());
    end.saturating_sub(start) > LONGEST
}

/// The lines around a place: the renderer reads all that it gets, and a file may have a thousand messages.
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

/// Lines that are shown to the renderer before and after a place.
const AROUND: usize = 2;

/// Prints messages to standard error, one below the other; colours only where they are shown.
pub fn print<'d>(diagnostics: impl IntoIterator<Item = &'d Diagnostic>) {
    for message in rendered(diagnostics) {
        // That nobody reads it changes neither the result nor the exit code.
        let _ = writeln!(anstream::stderr(), "{message}\n");
    }
}

/// Each message as it is printed, and of a great many the first with the number of the others.
pub fn rendered<'d>(diagnostics: impl IntoIterator<Item = &'d Diagnostic>) -> impl Iterator<Item = String> {
    /// Messages that are printed.
    const MOST: usize = 1_000;
    let mut all = diagnostics.into_iter();
    let mut messages: Vec<String> = all.by_ref().take(MOST).map(Diagnostic::render).collect();
    let others = all.count();
    if others > 0 {
        messages.push(Diagnostic::error(format!("{others} more messages are not shown")).render());
    }
    messages.into_iter()
}
