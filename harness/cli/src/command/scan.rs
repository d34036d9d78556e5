//! Reads access logs on all cores, with progress.

use std::path::PathBuf;

use peerwarden_documents::count::counted;
use peerwarden_documents::diagnostic::Diagnostic;
use peerwarden_logs::access_log::{self, Line};

use crate::progress::Progress;
use crate::threads::on_all_cores;

/// Passes every line of `logs` to `each`, with the thread's state so far; returns the state of each thread.
///
/// # Errors
///
/// If a log cannot be read.
pub(super) fn scan<T: Send>(
    logs: &[PathBuf],
    gather: impl Fn() -> T + Sync,
    each: impl Fn(&mut T, Line<'_>) + Sync,
) -> Result<Vec<T>, Diagnostic> {
    let progress = Progress::on_standard_error();
    let show = |lines, percent: Option<u64>| {
        progress.show(|| {
            let percent = percent.map(|percent| format!(", {percent}% of the file"));
            format!("{}{}", counted(lines, "line"), percent.unwrap_or_default())
        });
    };
    access_log::scan(logs, on_all_cores, show, gather, each)
}
