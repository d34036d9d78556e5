//! When an answer comes.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

/// Lets nobody through until it is opened, and everybody after that. Clones are the same gate.
#[derive(Debug, Clone)]
pub struct Gate(Arc<Semaphore>);

/// When an answer comes.
#[derive(Debug, Clone)]
pub(super) enum When {
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

    /// Opens it for good.
    pub fn open(&self) {
        self.0.close();
    }
}

// === impl When ===

impl When {
    pub(super) async fn come(&self) {
        match self {
            Self::AtOnce => {}
            Self::After(time) => tokio::time::sleep(*time).await,
            // A semaphore without permits ends the wait by being closed.
            Self::Opened(gate) => drop(gate.0.acquire().await),
        }
    }
}
