//! The part of YAML that all parsers read alike, for files that another program reads: Envoy's parser knows part of YAML 1.1, ignores all
//! tags but its own `!ignore`, and merges nothing.

use std::sync::Arc;

use granit_parser::{Event, Parser, ScalarStyle, Tag};

use super::node;
use crate::diagnostic::Diagnostic;
use crate::source::{Place, Source};

/// A mapping or a list that is open.
enum OpenNode {
    /// With whether a name comes next.
    Mapping(bool),
    List,
}

/// Refuses a second document, tags, directives, merge keys, names that are not plain texts, texts of several lines in quotes, and
/// aliases of numbers that are not written in digits alone.
///
/// # Errors
///
/// The first of them, with its place; or that the text cannot be parsed.
pub(super) fn check(source: &Arc<Source>) -> Result<(), Diagnostic> {
    let (mut open, mut documents) = (Vec::new(), 0);
    for event in Parser::new_from_str(&source.text) {
        let (event, span) = event.map_err(|_| {
            Diagnostic::error(format!("`{}` is read differently by another parser", source.name))
                .help("write it in a simpler way")
        })?;
        let bytes = span.byte_range().unwrap_or_default();
        documents += usize::from(matches!(event, Event::DocumentStart(..)));
        let several = (documents > 1).then(|| {
            Diagnostic::error("Envoy reads only the first document of a file").help("remove the others")
        });
        let refused = several
            .or_else(|| refused(&event, open.last()))
            .or_else(|| refused_lines(&event, source.text.get(bytes.clone())?));
        if let Some(refused) = refused {
            let place = Place {
                source: Arc::clone(source),
                span: node::on_first_line(bytes, &source.text),
            };
            return Err(refused.at(place));
        }
        step(&event, &mut open);
    }
    Ok(())
}

/// Whether a text is YAML with tags, which are for the tool that knows them.
pub(crate) fn is_tagged(text: &str) -> bool {
    let mut tags = 0;
    let is_yaml = Parser::new_from_str(text).all(|event| {
        if let Ok((event, _)) = &event {
            tags += usize::from(tag(event).is_some());
        }
        event.is_ok()
    });
    is_yaml && tags > 0
}

fn tag<'e>(event: &'e Event<'_>) -> Option<&'e Tag> {
    let (Event::Scalar(_, _, _, tag) | Event::SequenceStart(_, _, tag) | Event::MappingStart(_, _, tag)) =
        event
    else {
        return None;
    };
    tag.as_deref()
}

fn refused(event: &Event<'_>, inside: Option<&OpenNode>) -> Option<Diagnostic> {
    if let Event::DocumentStart(_, Some(_)) = event {
        return Some(Diagnostic::error("a directive is read differently by Envoy").help("remove it"));
    }
    let mut has_anchor = false;
    if let Event::Scalar(_, _, anchor, tag)
    | Event::SequenceStart(_, anchor, tag)
    | Event::MappingStart(_, anchor, tag) = event
    {
        if tag.is_some() {
            return Some(Diagnostic::error("a tag is read differently by Envoy").help("remove the tag"));
        }
        has_anchor = *anchor != 0;
    }
    if is_node(event) && matches!(inside, Some(OpenNode::Mapping(true))) {
        return refused_name(event, has_anchor);
    }
    if let Event::Scalar(value, ScalarStyle::Plain, ..) = event
        && has_anchor
        && is_odd_number(value)
    {
        let message = format!("Envoy may read `{value}` as a string where an alias names it");
        return Some(Diagnostic::error(message).help("write the number in digits, or without an anchor"));
    }
    None
}

/// Readers differ in how many line breaks they keep of a text in quotes, and at the end of a block that keeps all (`>+`).
fn refused_lines(event: &Event<'_>, written: &str) -> Option<Diagnostic> {
    let Event::Scalar(value, style, ..) = event else {
        return None;
    };
    let is_split = match style {
        ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => written.contains('\n'),
        ScalarStyle::Literal | ScalarStyle::Folded => value.ends_with("\n\n"),
        ScalarStyle::Plain => false,
    };
    let wrong = Diagnostic::error("Envoy may read other line breaks here");
    is_split.then(|| wrong.help("write the text on one line in quotes, or as a block (`|`)"))
}

fn refused_name(name: &Event<'_>, has_anchor: bool) -> Option<Diagnostic> {
    if let Event::Scalar(value, ..) = name
        && !has_anchor
    {
        let merges = value == "<<";
        return merges
            .then(|| Diagnostic::error("Envoy does not merge what `<<` names").help("write the fields out"));
    }
    let help = "write the name as a plain text, without an anchor or an alias";
    Some(Diagnostic::error("Envoy may read another name here").help(help))
}

/// A number that is not written in digits alone.
fn is_odd_number(value: &str) -> bool {
    let digits = value.trim_start_matches(['+', '-']);
    digits.starts_with(|first: char| first.is_ascii_digit() || first == '.')
        && !digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether this is a value or a name, or begins one.
fn is_node(event: &Event<'_>) -> bool {
    matches!(
        event,
        Event::Scalar(..)
            | Event::Alias(_)
            | Event::UnresolvedAlias(_)
            | Event::SequenceStart(..)
            | Event::MappingStart(..)
    )
}

/// Keeps track of whether a name comes next.
fn step(event: &Event<'_>, open: &mut Vec<OpenNode>) {
    if let Some(OpenNode::Mapping(name_is_next)) = open.last_mut()
        && is_node(event)
    {
        *name_is_next = !*name_is_next;
    }
    if let Event::MappingStart(..) = event {
        open.push(OpenNode::Mapping(true));
    } else if let Event::SequenceStart(..) = event {
        open.push(OpenNode::List);
    } else if let Event::MappingEnd | Event::SequenceEnd = event {
        open.pop();
    }
}
