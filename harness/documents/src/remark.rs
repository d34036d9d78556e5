//! Remarks about the run, such as how many files were read. They go to standard error; results go to standard output.

use std::io::Write;

use crate::terminal;
use crate::wrap::wrapped;

/// Prints a remark, unless the run is quiet. A remark without colours is wrapped to the terminal's width.
pub fn remark(text: &str) {
    if terminal::is_quiet() {
        return;
    }
    let text = if text.contains('\u{1b}') {
        text.to_owned()
    } else {
        wrapped(text, 0)
    };
    // If nobody reads it, neither the result nor the exit code changes.
    let _ = writeln!(anstream::stderr(), "{text}");
}
