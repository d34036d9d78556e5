//! Formats policies and suites without changing their meaning: `peerwarden fmt`.
//!
//! Four passes, each from text to text: `layout` (indentation, spaces), `order` (the keys of a document), `quotes`
//! (removes unneeded ones), `columns` (the tables of suites). `same` compares the result with the original, value by
//! value and comment by comment; a result that differs is never written.

mod columns;
mod depth;
mod edges;
mod edit;
mod layout;
mod order;
mod parts;
mod quotes;
mod same;
mod spaces;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::source::Source;
use crate::yaml;
use edges::Edges;

/// A pass from one text to the next.
type Pass = fn(&Arc<Source>) -> Result<String, Diagnostic>;

/// The largest number of rounds for one text.
const ROUNDS: usize = 6;

/// The formatted text.
///
/// # Errors
///
/// If it is not YAML, or cannot be formatted without changing its meaning.
pub fn tidy(source: &Arc<Source>) -> Result<String, Diagnostic> {
    // An unreadable text gets the same message as in every command.
    yaml::documents(source)?;
    let edges = Edges::of(&source.text);
    let bare = Source::new(source.name.clone(), edges.without(&source.text));
    let text = edges.around(lay_out(&bare)?);
    // With its edges: a carriage return of the text itself may become part of a line ending.
    match same::difference(source, &text) {
        None => Ok(text),
        Some(difference) => Err(left(source, &difference)),
    }
}

/// The text with its policies formatted; every other document stays as it is, byte by byte.
///
/// # Errors
///
/// As of [`tidy`].
pub fn tidy_policies(source: &Arc<Source>) -> Result<String, Diagnostic> {
    yaml::documents(source)?;
    match parts::tidy(source)? {
        Some(text) => match same::difference(source, &text) {
            None => Ok(text),
            Some(difference) => Err(left(source, &difference)),
        },
        None => Ok(with_marker(&source.text, tidy(source)?)),
    }
}

/// With the marker at the end that the text has: what is written below it next is another document.
fn with_marker(before: &str, mut text: String) -> String {
    let ends = |text: &str| {
        text.lines()
            .rev()
            .find(|line| !line.trim().is_empty())
            .map(str::trim_end)
            == Some("---")
    };
    if ends(before) && !ends(&text) && !text.is_empty() {
        let ending = if text.ends_with("\r\n") {
            "---\r\n"
        } else {
            "---\n"
        };
        text.push_str(ending);
    }
    text
}

/// Formats a text, without its byte order mark and line endings.
fn lay_out(source: &Arc<Source>) -> Result<String, Diagnostic> {
    let mut text = source.text.clone();
    // Some parts of the layout settle only after those around them: the result must not change if it is formatted
    // again.
    for _ in 0..ROUNDS {
        let next = passes(source, &text)?;
        if next == text {
            return Ok(text);
        }
        text = next;
    }
    Err(left(source, "no layout of it is final"))
}

/// The message about a text that is left unchanged.
fn left(source: &Source, why: &str) -> Diagnostic {
    Diagnostic::error(format!("{}: it cannot be formatted: {why}", source.name))
        .help("the file is unchanged; simplify that part, or put `# fmt: leave` above it")
}

fn passes(source: &Source, text: &str) -> Result<String, Diagnostic> {
    let mut text = text.to_owned();
    let passes: [Pass; 4] = [layout::run, order::run, quotes::run, columns::run];
    for pass in passes {
        // If a pass produced invalid YAML, that is our error, and its place would not help the author.
        text = pass(&Source::new(source.name.clone(), text)).map_err(|wrong| left(source, &wrong.message))?;
    }
    Ok(text)
}
