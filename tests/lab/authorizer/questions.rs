//! The questions that an authorizer received.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;

use crate::deadline::{self, until};

/// All questions so far, and how many of them are unanswered.
#[derive(Debug)]
pub(super) struct Questions<Q> {
    asked: Mutex<Vec<Q>>,
    waiting: AtomicUsize,
}

/// An unanswered question, until it is answered or its caller goes away.
#[derive(Debug)]
pub(super) struct PendingQuestion<Q>(Arc<Questions<Q>>);

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

    pub(super) fn note(self: &Arc<Self>, question: Q) -> PendingQuestion<Q> {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        self.asked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(question);
        PendingQuestion(Arc::clone(self))
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

// === impl PendingQuestion ===

impl<Q> Drop for PendingQuestion<Q> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::SeqCst);
    }
}
