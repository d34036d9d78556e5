//! The access log, line by line.

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

/// The line of one request, or of one TCP connection.
#[derive(Debug, Clone)]
pub struct AccessLogEntry(Value);

// === impl AccessLogEntry ===

impl AccessLogEntry {
    /// A field as text; empty if Envoy had no value.
    pub fn text(&self, field: &str) -> &str {
        self.0[field].as_str().unwrap_or_default()
    }

    /// A field as a number.
    pub fn number(&self, field: &str) -> Option<u64> {
        self.0[field].as_u64()
    }

    /// The module's decision, from filter state.
    pub fn decision(&self) -> &str {
        self.text("decision")
    }

    /// The response-code details, in which the module names the policy that denied.
    pub fn details(&self) -> &str {
        self.text("response_code_details")
    }

    /// The peer's URI SANs, as Envoy saw them.
    pub fn peer(&self) -> &str {
        self.text("peer")
    }
}

/// Reads all complete lines; one that is still being written is left for later.
pub(super) fn read(path: &Path) -> Result<Vec<AccessLogEntry>> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error.into()),
    };
    let complete = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
    let entry = |line: &str| serde_json::from_str(line).with_context(|| format!("reading `{line}`"));
    complete.map(|line| Ok(AccessLogEntry(entry(line)?))).collect()
}
