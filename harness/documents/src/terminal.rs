//! The terminal that a run prints to: its width, and whether remarks about the run are wanted.
//!
//! The command sets both once, when it starts. Without a terminal, and on targets that have none, lines have 80 columns.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Columns of a line where there is no terminal.
pub const DEFAULT_COLUMNS: usize = 80;

/// In narrower lines than this, indented text is hard to read.
const LEAST: usize = 40;

static COLUMNS: AtomicUsize = AtomicUsize::new(DEFAULT_COLUMNS);
static QUIET: AtomicBool = AtomicBool::new(false);

/// Columns of a line.
pub fn columns() -> usize {
    COLUMNS.load(Ordering::Relaxed)
}

/// Sets the columns of a line: the width of the terminal.
pub fn set_columns(columns: usize) {
    COLUMNS.store(columns.max(LEAST), Ordering::Relaxed);
}

/// Whether remarks about the run are left out.
pub fn is_quiet() -> bool {
    QUIET.load(Ordering::Relaxed)
}

/// Leaves out remarks about the run.
pub fn set_quiet(quiet: bool) {
    QUIET.store(quiet, Ordering::Relaxed);
}
