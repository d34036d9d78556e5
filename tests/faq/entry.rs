//! One question of a mesh's security FAQ, and the way to answer it.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use anyhow::Result;
use peerwarden_lab::deadline::within;

/// What was seen, in a line, as the last column of the table: what was done, how often, and what came of it.
pub(crate) type Evidence = String;

type Answer = Pin<Box<dyn Future<Output = Result<Evidence>>>>;

/// A question and its experiment on a real Envoy. The experiment asserts all that the answer promises; that it ends without an
/// error is the answer, and the evidence says what it saw.
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
    /// No experiment takes longer, on a slow machine.
    const LIMIT: Duration = Duration::from_secs(240);

    /// Makes the experiment.
    pub(crate) async fn answer(&self) -> Result<Evidence> {
        within(Self::LIMIT, self.name, (self.experiment)()).await
    }
}
