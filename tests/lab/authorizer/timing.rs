//! The timing of an answer.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

/// Blocks until it is opened. Clones are the same gate.
#[derive(Debug, Clone)]
pub struct Gate(Arc<Semaphore>);

/// When an answer is sent.
#[derive(Debug, Clone)]
pub(super) enum AnswerTiming {
    AtOnce,
    After(Duration),
    Opened(Gate),
}

// === impl Gate ===

impl Gate {
    /// A closed gate.
    pub fn closed() -> Self {
        Self(Arc::new(Semaphore::new(0)))
    }

    /// Opens it permanently.
    pub fn open(&self) {
        self.0.close();
    }
}

// === impl AnswerTiming ===

impl AnswerTiming {
    pub(super) async fn come(&self) {
        match self {
            Self::AtOnce => {}
            Self::After(time) => tokio::time::sleep(*time).await,
            // A semaphore without permits ends the wait by being closed.
            Self::Opened(gate) => drop(gate.0.acquire().await),
        }
    }
}
