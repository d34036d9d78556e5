//! The machine and the software of the measurement.

use std::fmt::Write;
use std::time::Duration;

use anyhow::{Context, Result};
use peerwarden_lab::locate;
use ring::digest::{SHA256, digest};

use crate::numbers::grouped;

/// The lines of the report with this information.
pub(crate) fn describe(took: Duration, busy: &str) -> Result<String> {
    let module = std::fs::read(locate::module()?)?;
    let hash = digest(&SHA256, &module);
    let hash = hash
        .as_ref()
        .iter()
        .take(6)
        .fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
    let mut text = String::new();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let of = |path: &str, name: &str| field(path, name).unwrap_or_else(|_| "unknown".to_owned());
    // Writing to a `String` cannot fail.
    let _ = writeln!(
        text,
        "- Machine: {}, {cores} cores, {} of memory, Linux {}; load average {busy} at the beginning, {} at the end.",
        of("/proc/cpuinfo", "model name"),
        of("/proc/meminfo", "MemTotal"),
        std::fs::read_to_string("/proc/sys/kernel/osrelease")
            .unwrap_or_default()
            .trim(),
        load_average(),
    );
    let _ = writeln!(
        text,
        "- Versions: Envoy {}; peerwarden {}, a module of {} bytes (SHA-256 {hash}…).",
        locate::envoy_version(),
        env!("CARGO_PKG_VERSION"),
        grouped(module.len() as u64),
    );
    let _ = writeln!(
        text,
        "- Command: `make bench`, {} minutes.",
        took.as_secs().div_ceil(60)
    );
    Ok(text)
}

/// The average number of processes that wanted a core in the last minute.
pub(crate) fn load_average() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().next().unwrap_or("unknown").to_owned()
}

/// The first line `NAME: VALUE`.
fn field(path: &str, name: &str) -> Result<String> {
    let text = std::fs::read_to_string(path)?;
    let line = text.lines().find(|line| line.starts_with(name));
    let (_, value) = line
        .and_then(|line| line.split_once(':'))
        .context("no such line")?;
    Ok(value.trim().to_owned())
}
