//! The command's parsers, as functions of bytes.
//!
//! Each returns a summary of the result, or the whole error message for people.

use std::io::Cursor;
use std::path::Path;

use peerwarden_documents::diagnostic::{self, Diagnostic};
use peerwarden_documents::documents;
use peerwarden_documents::load::Loader;
use peerwarden_documents::source::Source;
use peerwarden_documents::tidy as layout;
use peerwarden_documents::yaml;
use peerwarden_lint::settings::Settings;
use peerwarden_logs::access_log::{Input, LogFormat};
use peerwarden_suite as suite;
use peerwarden_traffic::line;

/// Each YAML document of a text, as JSON.
///
/// # Errors
///
/// If the text is invalid.
pub fn documents(text: &str) -> Result<Vec<String>, String> {
    let source = Source::new("policies.yaml", text);
    let nodes = yaml::documents(&source).map_err(|wrong| shown(&[wrong]))?;
    // The place of a value is found again by the message that names it.
    documents::all(&source).map_err(|wrong| shown(&[wrong]))?;
    let json = nodes.iter().map(serde_json::to_string).collect::<Result<_, _>>();
    json.map_err(|error| error.to_string())
}

/// The text as `peerwarden fmt` formats it.
///
/// # Errors
///
/// If it is left unchanged.
pub fn tidy(text: &str) -> Result<String, String> {
    layout::tidy(&Source::new("policies.yaml", text)).map_err(|wrong| shown(&[wrong]))
}

/// The number of cases of a suite, and of cells of its snapshot. The policies and fixtures that it names do not exist.
///
/// # Errors
///
/// If it is invalid; all mistakes are reported.
pub fn suite(text: &str) -> Result<(usize, usize), String> {
    let source = Source::new("suite_test.yaml", text);
    let loaded = suite::read(&source, Path::new(""), &Loader::default()).map_err(|wrong| shown(&wrong))?;
    let cells = loaded.snapshot.map_or(0, |snapshot| snapshot.cells.len());
    Ok((loaded.cases.len(), cells))
}

/// Reads a line of an access log, with a given format or a detected one.
///
/// # Errors
///
/// If the format or the line is invalid.
pub fn access_log(format: Option<&str>, line: &[u8]) -> Result<String, String> {
    let format = format.map_or(Ok(LogFormat::default()), LogFormat::parse);
    let entry = format.map_err(|wrong| shown(&[wrong]))?.read(line)?;
    Ok(format!("{entry:?}"))
}

/// The number of non-empty lines of an access log, read as from a file, gzip or not.
///
/// # Errors
///
/// If it is not a gzip file, though it begins as one.
pub fn access_log_file(file: Vec<u8>) -> Result<usize, String> {
    let read = || {
        let mut input = Input::of(Box::new(Cursor::new(file)), None)?;
        let mut lines = 0;
        while let Some(block) = input.block()? {
            lines += block.lines().count();
        }
        Ok(lines)
    };
    read().map_err(|error: std::io::Error| error.to_string())
}

/// Reads `peerwarden.toml`.
///
/// # Errors
///
/// If it is invalid.
pub fn settings(text: &str) -> Result<(), String> {
    let source = Source::new("peerwarden.toml", text);
    Settings::of(&source, Path::new("peerwarden.toml"))
        .map(drop)
        .map_err(|wrong| shown(&[wrong]))
}

/// Reads a line of the input of `peerwarden eval`.
///
/// # Errors
///
/// If it is invalid.
pub fn eval_line(line: &[u8]) -> Result<(), String> {
    let (_, line) = line::read(line);
    line.and_then(|line| line.traffic.check().map_err(|impossible| impossible.to_string()))
}

/// The printed messages, with the underlined text.
fn shown(wrong: &[Diagnostic]) -> String {
    let shown: Vec<String> = diagnostic::rendered(wrong).collect();
    shown.join("\n")
}
