//! What an authorizer was asked.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;

use crate::deadline::{self, until};

/// Every question so far, and how many of them wait for their answer.
#[derive(Debug)]
pub(super) struct Questions<Q> {
    asked: Mutex<Vec<Q>>,
    waiting: AtomicUsize,
}

/// A question that waits, until it is answered or nobody wants to hear the answer any more.
#[derive(Debug)]
pub(super) struct Waiting<Q>(Arc<Questions<Q>>);

impl<Q> Default for Questions<Q> {
    fn default() -> Self {
        Self {
            asked: Mutex::default(),
            waiting: AtomicUsize::new(0),
        }
    }
}

// === impl Questions ===

impl<Q: Clone> Questions<Q> {
    pub(super) fn asked(&self) -> Vec<Q> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn note(self: &Arc<Self>, question: Q) -> Waiting<Q> {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        self.asked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(question);
        Waiting(Arc::clone(self))
    }

    pub(super) async fn asked_times(&self, count: usize) -> Result<()> {
        until(deadline::EXCHANGE, &format!("{count} questions"), async || {
            Ok((self.asked().len() == count).then_some(()))
        })
        .await
    }

    pub(super) async fn waiting(&self, count: usize) -> Result<()> {
        let what = format!("{count} questions that wait for an answer");
        until(deadline::EXCHANGE, &what, async || {
            Ok((self.waiting.load(Ordering::SeqCst) == count).then_some(()))
        })
        .await
    }
}

// === impl Waiting ===

impl<Q> Drop for Waiting<Q> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::SeqCst);
    }
}
