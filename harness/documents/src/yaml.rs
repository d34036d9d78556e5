//! YAML with the place of every value: the only module that uses the YAML crate.
//!
//! JSON is read the same way, as it is a subset of YAML. Aliases and merge keys are expanded; duplicate keys are
//! refused. Plain scalars mean the same as in Kubernetes: `yes` and `on` are booleans.

mod cause;
mod comment;
mod messages;
mod node;
mod path;
mod portable;

pub(crate) use cause::{TEMPLATE, template};
pub use comment::comments;
pub use node::{Entry, Node, Tree};
pub(crate) use portable::is_tagged;
pub use serde_saphyr::Location;

use std::ops::Range;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use crate::diagnostic::Diagnostic;
use crate::source::{Place, Source};
use crate::wording::Wording;

/// Every document of a stream, without empty ones.
///
/// # Errors
///
/// The first error in the text, with its place.
pub fn documents(source: &Arc<Source>) -> Result<Vec<Node>, Diagnostic> {
    serde_saphyr::from_multiple_with_options(&source.text, options(&source.text))
        .map_err(|error| wrong(source, &error))
}

/// Every document of a stream that another program reads too, and that every reader of YAML reads alike: one with a tag, a directive, a
/// merge key or the like is refused.
///
/// # Errors
/// As of [`documents`], or what may be read differently.
pub fn portable_documents(source: &Arc<Source>) -> Result<Vec<Node>, Diagnostic> {
    let nodes = documents(source)?;
    portable::check(source)?;
    Ok(nodes)
}

/// The only document of a text, parsed into a type.
///
/// # Errors
///
/// If the text is not valid YAML, or does not fit the type.
pub fn read<T: DeserializeOwned>(source: &Arc<Source>) -> Result<T, Diagnostic> {
    // A type whose fields are all optional would accept an empty text.
    if says_nothing(&source.text) {
        return Err(Diagnostic::error(EMPTY).at(Place {
            source: Arc::clone(source),
            span: 0..source.text.lines().next().map_or(0, str::len),
        }));
    }
    serde_saphyr::from_str_with_options(&source.text, options(&source.text))
        .map_err(|error| wrong(source, &error))
}

/// The bytes of a location in `text`: at least one, and at most to the end of its first line.
pub fn span(location: &serde_saphyr::Location, text: &str) -> Range<usize> {
    node::span(location, text)
}

/// The place of a value's location.
pub fn place(source: &Arc<Source>, location: &serde_saphyr::Location) -> Place {
    Place {
        source: Arc::clone(source),
        span: node::span(location, &source.text),
    }
}

/// How many values aliases may stand for in any file; in a large file, as many as it has bytes. So the expanded size is
/// proportional to the file's size, however aliases are nested.
const ALIASED: usize = 10_000;

/// The deepest nesting of a document. The module reads JSON to a depth of 127, and a document is in a list in an
/// object.
pub(crate) const DEPTH: usize = 125;

/// Limits far beyond real files; values that JSON cannot express are refused.
fn options(text: &str) -> serde_saphyr::Options {
    serde_saphyr::options! {
        with_snippet: false,
        non_finite_float_policy: serde_saphyr::NonFiniteFloatPolicy::Reject,
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: ALIASED.max(text.len()),
        },
        budget: serde_saphyr::budget! {
            max_events: 20_000_000,
            max_nodes: 10_000_000,
            max_documents: 100_000,
            max_total_scalar_bytes: (1024 * 1024).max(2 * text.len()),
            max_recorded_anchor_events: ALIASED.max(text.len()),
            max_recorded_anchor_bytes: (1024 * 1024).max(2 * text.len()),
            max_depth: DEPTH,
        },
    }
}

fn wrong(source: &Arc<Source>, error: &serde_saphyr::Error) -> Diagnostic {
    let error = error.without_snippet();
    let is_empty = matches!(error, serde_saphyr::Error::Eof { .. }) && says_nothing(&source.text);
    let Wording { message, help } = if is_empty {
        Wording::plain(EMPTY)
    } else {
        messages::of(error)
    };
    let location = error.location().map(|location| place(source, &location));
    let gave_up = location.as_ref().map(|place| place.span.start);
    if let Some((Wording { message, help }, span)) = cause::of(&source.text, gave_up).filter(|_| !is_empty) {
        let diagnostic = Diagnostic::error(message).at(Place {
            source: Arc::clone(source),
            span,
        });
        return match help {
            Some(help) => diagnostic.help(help),
            None => diagnostic,
        };
    }
    let diagnostic = match location {
        Some(place) => Diagnostic::error(message).at(place),
        None => Diagnostic::error(format!("{}: {message}", source.name)),
    };
    match help {
        Some(help) => diagnostic.help(help),
        None => diagnostic,
    }
}

/// The message for a text without content.
const EMPTY: &str = "the file is empty";

/// Whether a text has only comments, or nothing.
fn says_nothing(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim);
    lines.all(|line| line.is_empty() || line.starts_with('#') || line == "---")
}
