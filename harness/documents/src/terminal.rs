//! The terminal that a run prints to: its width, and whether remarks about the run are wanted.
//!
//! The command sets both once, when it starts. Without a terminal, and on targets that have none, lines have 80 columns.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// The default width, without a terminal.
pub const DEFAULT_COLUMNS: usize = 80;

/// The smallest width: indented text is hard to read in narrower lines.
const LEAST: usize = 40;

static COLUMNS: AtomicUsize = AtomicUsize::new(DEFAULT_COLUMNS);
static QUIET: AtomicBool = AtomicBool::new(false);

/// The width of a line in columns.
pub fn columns() -> usize {
    COLUMNS.load(Ordering::Relaxed)
}

/// Sets the width of a line to that of the terminal.
pub fn set_columns(columns: usize) {
    COLUMNS.store(columns.max(LEAST), Ordering::Relaxed);
}

/// Whether remarks about the run are suppressed.
pub fn is_quiet() -> bool {
    QUIET.load(Ordering::Relaxed)
}

/// Suppresses remarks about the run.
pub fn set_quiet(quiet: bool) {
    QUIET.store(quiet, Ordering::Relaxed);
}
