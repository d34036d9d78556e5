//! Indentation, spaces and blank lines, by the formatter of a YAML crate. Line breaks are left to the author.

use std::sync::Arc;

use pretty_yaml::config::{FormatOptions, LanguageOptions, LayoutOptions, LineBreak, ProseWrap, Quotes};

use super::depth::{DEEPEST, too_deep};
use super::spaces;
use crate::diagnostic::Diagnostic;
use crate::source::Source;

/// A width that no line reaches, so that long lines stay: breaking tables and values does not improve them.
const WIDTH: usize = 1 << 20;

pub(super) fn run(source: &Arc<Source>) -> Result<String, Diagnostic> {
    if source.text.replace("\r\n", "").contains('\r') {
        return Err(Diagnostic::error("it has carriage returns without line feeds"));
    }
    if let Some(line) = too_deep(&source.text) {
        return Err(Diagnostic::error(format!(
            "line {line} is indented by more than {DEEPEST} columns"
        )));
    }
    let options = FormatOptions {
        layout: LayoutOptions {
            print_width: WIDTH,
            indent_width: 2,
            line_break: LineBreak::Lf,
        },
        language: LanguageOptions {
            quotes: Quotes::PreferDouble,
            trailing_comma: false,
            indent_block_sequence_in_map: false,
            brace_spacing: false,
            bracket_spacing: false,
            prose_wrap: ProseWrap::Preserve,
            ignore_comment_directive: "fmt: leave".to_owned(),
            ..LanguageOptions::default()
        },
    };
    let marked = spaces::marked(&source.text);
    let text = marked.as_deref().unwrap_or(&source.text);
    // That the crate panics on one file should not keep the others from being formatted.
    let laid_out = std::panic::catch_unwind(|| pretty_yaml::format_text(text, &options));
    laid_out
        .map_err(|_| Diagnostic::error("the formatter of YAML cannot read it"))?
        .map(|text| match marked {
            Some(_) => spaces::unmarked(&text),
            None => text,
        })
        .map(|text| no_gap_after_separators(&text))
        .map_err(|error| Diagnostic::error(error.to_string()))
}

/// Removes blank lines after a `---`.
fn no_gap_after_separators(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut after_separator = true;
    for line in text.lines() {
        let is_gap = after_separator && line.is_empty();
        after_separator = is_gap || line == "---";
        if !is_gap {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept
}
