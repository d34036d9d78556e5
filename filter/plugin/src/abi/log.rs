//! Lines in Envoy's log.

use super::imports::proxy_log;

/// The level of a log line.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Level {
    Info,
    Warning,
    Error,
}

/// Writes a line to Envoy's log.
pub(crate) fn log(level: Level, message: &str) {
    let level = match level {
        Level::Info => 2,
        Level::Warning => 3,
        Level::Error => 4,
    };
    // SAFETY: pointer and length are those of a live string. A log line that could not be written needs no action.
    let _ = unsafe { proxy_log(level, message.as_ptr(), message.len()) };
}
