//! The colours of a terminal: of verdicts, of remarks beside them, of headings. `--color` decides elsewhere whether they are written.

use anstyle::{AnsiColor, Style};

/// What is allowed, or holds.
pub const GREEN: Style = AnsiColor::Green.on_default();
/// What is denied, or fails.
pub const RED: Style = AnsiColor::Red.on_default();
/// What needs a look.
pub const YELLOW: Style = AnsiColor::Yellow.on_default();
/// What is said beside it.
pub const DIM: Style = Style::new().dimmed();
/// Headings and names.
pub const BOLD: Style = Style::new().bold();
