//! The part of YAML that every reader reads alike, for files that another program reads: Envoy's reader knows YAML 1.1 in part, takes
//! no notice of tags but its own `!ignore`, and merges nothing.

use std::borrow::Cow;
use std::sync::Arc;

use granit_parser::{Event, Parser, ScalarStyle, Span};

use crate::diagnostic::Diagnostic;
use crate::source::{Place, Source};

/// A mapping or a list that is open.
enum Open {
    /// With whether a name comes next.
    Mapping(bool),
    List,
}

/// Refuses a second document, tags, directives, merge keys, names that are no plain texts, and aliases of numbers that are not written in digits alone.
///
/// # Errors
/// The first of them, with its place. What is no YAML at all is for the reader to refuse.
pub(super) fn check(source: &Arc<Source>) -> Result<(), Diagnostic> {
    let (mut open, mut documents) = (Vec::new(), 0);
    for event in Parser::new_from_str(&source.text) {
        let Ok((event, span)) = event else {
            return Ok(());
        };
        documents += usize::from(matches!(event, Event::DocumentStart(..)));
        let several = (documents > 1).then(|| {
            Diagnostic::error("Envoy reads only the first document of a file").help("remove the others")
        });
        if let Some(refused) = several.or_else(|| refused(&event, open.last())) {
            let place = Place {
                source: Arc::clone(source),
                span: bytes(&span, &source.text),
            };
            return Err(refused.at(place));
        }
        step(&event, &mut open);
    }
    Ok(())
}

fn refused(event: &Event<'_>, inside: Option<&Open>) -> Option<Diagnostic> {
    let is_name = matches!(inside, Some(Open::Mapping(true)));
    let (anchor, tag) = match event {
        Event::DocumentStart(_, Some(_)) => {
            return Some(Diagnostic::error("a directive is read differently by Envoy").help("remove it"));
        }
        Event::Alias(_) | Event::UnresolvedAlias(_) => (0, &None),
        Event::Scalar(_, _, anchor, tag)
        | Event::SequenceStart(_, anchor, tag)
        | Event::MappingStart(_, anchor, tag) => (*anchor, tag),
        _ => return None,
    };
    if tag.is_some() {
        return Some(Diagnostic::error("a tag is read differently by Envoy").help("remove the tag"));
    }
    match event {
        Event::Scalar(value, ..) if is_name && value == "<<" => {
            Some(Diagnostic::error("Envoy does not merge what `<<` names").help("write the fields out"))
        }
        Event::Scalar(..) if is_name && anchor == 0 => None,
        _ if is_name => Some(
            Diagnostic::error("Envoy may read another name here")
                .help("write the name as a plain text, without an anchor or an alias"),
        ),
        Event::Scalar(value, ScalarStyle::Plain, ..) if anchor != 0 && is_odd_number(value) => Some(
            Diagnostic::error(format!(
                "Envoy may read `{value}` as a text where an alias names it"
            ))
            .help("write the number in digits, or without an anchor"),
        ),
        _ => None,
    }
}

/// A number that is not written in digits alone.
fn is_odd_number(value: &Cow<'_, str>) -> bool {
    let digits = value.trim_start_matches(['+', '-']);
    digits.starts_with(|first: char| first.is_ascii_digit() || first == '.')
        && !digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// Keeps track of whether a name comes next.
fn step(event: &Event<'_>, open: &mut Vec<Open>) {
    let is_node = matches!(
        event,
        Event::Scalar(..)
            | Event::Alias(_)
            | Event::UnresolvedAlias(_)
            | Event::SequenceStart(..)
            | Event::MappingStart(..)
    );
    if is_node && let Some(Open::Mapping(name_is_next)) = open.last_mut() {
        *name_is_next = !*name_is_next;
    }
    match event {
        Event::MappingStart(..) => open.push(Open::Mapping(true)),
        Event::SequenceStart(..) => open.push(Open::List),
        Event::MappingEnd | Event::SequenceEnd => {
            open.pop();
        }
        _ => {}
    }
}

/// At least one byte, up to the end of its first line.
fn bytes(span: &Span, text: &str) -> std::ops::Range<usize> {
    let start = span.start.byte_offset().unwrap_or_default().min(text.len());
    let rest = text.get(start..).unwrap_or_default();
    let line = rest.lines().next().map_or(0, str::len);
    let end = span.end.byte_offset().unwrap_or(start);
    start..end.clamp(start, start + line).max((start + 1).min(text.len()))
}
