//! Standard output, where results go.

use std::io::{Error, ErrorKind, Write};

use anyhow::{Context, Result};

use crate::shown::visible;

/// Prints a result; colours only where they are shown.
///
/// # Errors
/// That it cannot be written.
pub fn print(text: &str) -> Result<()> {
    let mut output = anstream::stdout().lock();
    let written = output.write_all(text.as_bytes()).and_then(|()| output.flush());
    written.or_else(unless_unread)
}

/// That the reader has seen enough, as `head` has, is no error of ours.
///
/// # Errors
/// Any other error.
pub fn unless_unread(error: Error) -> Result<()> {
    if error.kind() == ErrorKind::BrokenPipe {
        Ok(())
    } else {
        Err(error).context("standard output cannot be written")
    }
}

/// Columns of a line: what terminals have at least.
const COLUMNS: usize = 80;

/// A text in lines of 80 columns, broken at spaces; the first is taken to begin at column `indent`, where the others do. What has no
/// space stays whole, and what would steer a terminal is escaped, as texts of policies are in it.
pub fn wrapped(text: &str, indent: usize) -> String {
    let mut wrapped = String::new();
    let mut column = indent;
    for word in text.split(' ') {
        let word = visible(word);
        let width = word.chars().count();
        if !wrapped.is_empty() {
            if column + 1 + width > COLUMNS {
                wrapped.push('\n');
                wrapped.push_str(&" ".repeat(indent));
                column = indent;
            } else {
                wrapped.push(' ');
                column += 1;
            }
        }
        wrapped.push_str(&word);
        column += width;
    }
    wrapped
}

#[cfg(test)]
mod tests {
    use super::wrapped;

    #[test]
    fn lines_end_before_the_terminal_does() {
        let text = format!("{} {} {}", "a".repeat(40), "b".repeat(29), "c".repeat(90));
        let lines = wrapped(&text, 10);
        let expected = format!(
            "{} {}\n{}{}",
            "a".repeat(40),
            "b".repeat(29),
            " ".repeat(10),
            "c".repeat(90)
        );
        assert_eq!(lines, expected);
        assert_eq!(wrapped("", 10), "");
    }
}
