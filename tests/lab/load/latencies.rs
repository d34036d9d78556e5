//! How long answers took.

use std::time::Duration;

/// One entry for each answer.
#[derive(Debug, Clone, Default)]
pub struct Latencies(Vec<Duration>);

// === impl Latencies ===

impl Latencies {
    /// Adds one.
    pub fn add(&mut self, latency: Duration) {
        self.0.push(latency);
    }

    /// Adds those of another.
    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The smallest latency that this share of them do not exceed: 0.5 is the median. Zero if there are none.
    pub fn quantile(&mut self, share: f64) -> Duration {
        let last = self.0.len().saturating_sub(1);
        let place = (self.0.len() as f64 * share).ceil() as usize;
        let place = place.saturating_sub(1).min(last);
        if self.0.is_empty() {
            return Duration::ZERO;
        }
        *self.0.select_nth_unstable(place).1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_the_nearest_rank() {
        let mut latencies = Latencies::default();
        assert_eq!(latencies.quantile(0.5), Duration::ZERO);
        for micros in (1..=200).rev() {
            latencies.add(Duration::from_micros(micros));
        }
        for (share, micros) in [(0.0, 1), (0.5, 100), (0.99, 198), (1.0, 200)] {
            assert_eq!(
                latencies.quantile(share),
                Duration::from_micros(micros),
                "{share}"
            );
        }
    }
}
