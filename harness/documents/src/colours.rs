//! Terminal colours for verdicts, remarks and headings. `--color` decides elsewhere whether they are used.

use anstyle::{AnsiColor, Style};

/// Allowed, or true.
pub const GREEN: Style = AnsiColor::Green.on_default();
/// Denied, or failed.
pub const RED: Style = AnsiColor::Red.on_default();
/// Warnings.
pub const YELLOW: Style = AnsiColor::Yellow.on_default();
/// Remarks.
pub const DIM: Style = Style::new().dimmed();
/// Headings and names.
pub const BOLD: Style = Style::new().bold();
