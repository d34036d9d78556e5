//! Requests at fixed intervals, whether the ones before are answered or not.

use std::time::{Duration, Instant};

/// When a caller's requests begin.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// The next one.
    begin: Instant,
    interval: Duration,
}

// === impl Pace ===

impl Pace {
    /// The pace of each of several callers, who begin in turns.
    pub(super) fn of_each(callers: usize, interval: Duration) -> impl Iterator<Item = Self> {
        let now = Instant::now();
        (0..callers).map(move |place| Self {
            begin: now + interval.mul_f64(place as f64 / callers as f64),
            interval,
        })
    }

    /// Waits for the beginning of the next request, and returns it: a reply's latency counts from there, so that a slow reply is
    /// counted for all that it delays.
    pub(super) async fn next(&mut self) -> Instant {
        let begin = self.begin;
        tokio::time::sleep_until(begin.into()).await;
        self.begin += self.interval;
        begin
    }

    /// The beginning of the next request, which is now if there is no pace.
    pub(super) async fn next_of(pace: &mut Option<Self>) -> Instant {
        match pace {
            Some(pace) => pace.next().await,
            None => Instant::now(),
        }
    }
}
