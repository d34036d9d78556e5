//! The size and duration of a run.

use std::time::Duration;

use anyhow::{Context, Result};

/// The size of a run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    /// Requests over HTTP/2 that stay open.
    pub(crate) streams: usize,
    /// TCP connections that stay open.
    pub(crate) connections: usize,
    /// The shortest time for which policies change.
    pub(crate) time: Duration,
}

impl Size {
    /// The long form for `PEERWARDEN_SOAK` seconds, or else the short one.
    ///
    /// Envoy needs two file descriptors for each connection and one for each stream, and the test needs the same:
    /// within a limit of 20,000.
    pub(crate) fn of_environment() -> Result<Self> {
        match std::env::var("PEERWARDEN_SOAK") {
            Err(_) => Ok(Self {
                streams: 500,
                connections: 200,
                time: Duration::from_secs(10),
            }),
            Ok(seconds) => Ok(Self {
                streams: 10_000,
                connections: 2_000,
                time: Duration::from_secs(
                    seconds
                        .parse()
                        .context("PEERWARDEN_SOAK is not a number of seconds")?,
                ),
            }),
        }
    }
}
