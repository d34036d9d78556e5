//! One question of a mesh's security FAQ, and the experiment that answers it.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use anyhow::Result;
use peerwarden_lab::deadline::within;

/// What was observed, in one line, for the last column of the table: what was done, how often, and the result.
pub(crate) type Evidence = String;

type Answer = Pin<Box<dyn Future<Output = Result<Evidence>>>>;

/// A question and its experiment on a real Envoy. The experiment asserts everything that the answer promises: if it succeeds, the
/// answer holds, and the evidence says what it observed.
#[derive(Clone, Copy)]
pub(crate) struct Entry {
    /// Its number, from 1.
    pub(crate) number: u8,
    /// A short name, also that of its section in `docs/mtls.md` and of its file here.
    pub(crate) name: &'static str,
    /// The promise, in a few words.
    pub(crate) promise: &'static str,
    /// The experiment.
    pub(crate) experiment: fn() -> Answer,
}

impl Entry {
    /// The time limit of every experiment, on a slow machine.
    const LIMIT: Duration = Duration::from_secs(240);

    /// Runs the experiment.
    pub(crate) async fn answer(&self) -> Result<Evidence> {
        within(Self::LIMIT, self.name, (self.experiment)()).await
    }
}
