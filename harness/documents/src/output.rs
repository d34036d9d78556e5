//! Standard output, where results go.

use std::io::{Error, ErrorKind, Write};

use anyhow::{Context, Result};

/// Prints a result; in colour only where colours are shown.
///
/// # Errors
///
/// If it cannot be written.
pub fn print(text: &str) -> Result<()> {
    let mut output = anstream::stdout().lock();
    let written = output.write_all(text.as_bytes()).and_then(|()| output.flush());
    written.or_else(unless_unread)
}

/// Ignores the error that the reader has closed the pipe, as `head` does.
///
/// # Errors
///
/// Any other error.
pub fn unless_unread(error: Error) -> Result<()> {
    if error.kind() == ErrorKind::BrokenPipe {
        Ok(())
    } else {
        Err(error).context("standard output cannot be written")
    }
}
