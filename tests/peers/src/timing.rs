//! The time of a decision.

use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::Engine;

/// Rounds alternate, so that other load on the machine affects all of them.
const ROUNDS: usize = 9;

/// The shortest time of one engine in one round.
const LONG_ENOUGH: Duration = Duration::from_millis(40);

/// Nanoseconds for each decision, by engine and round.
pub(crate) fn rounds(engines: &mut [Box<dyn Engine>], questions: usize) -> Result<Vec<Vec<f64>>> {
    let mut nanos = vec![Vec::new(); engines.len()];
    // The first round warms up, and determines how often all questions must be asked to take long enough.
    let mut repeats = Vec::new();
    for engine in &mut *engines {
        let once = time(engine.as_mut(), questions, 1)?;
        repeats.push((LONG_ENOUGH.as_secs_f64() * 1e9 / once).ceil().clamp(1.0, 1e6) as usize);
    }
    for _ in 0..ROUNDS {
        for ((engine, repeats), nanos) in engines.iter_mut().zip(&repeats).zip(&mut nanos) {
            let taken = time(engine.as_mut(), questions, *repeats)?;
            nanos.push(taken / (*repeats * questions) as f64);
        }
    }
    Ok(nanos)
}

fn time(engine: &mut dyn Engine, questions: usize, repeats: usize) -> Result<f64> {
    let start = Instant::now();
    for _ in 0..repeats {
        for question in 0..questions {
            black_box(engine.allows(black_box(question))?);
        }
    }
    Ok(start.elapsed().as_secs_f64() * 1e9)
}

/// The median.
pub(crate) fn median(samples: &[f64]) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The largest distance from the median in percent, without the two outermost on each side.
pub(crate) fn spread(samples: &[f64]) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = median(samples);
    let inner = sorted.iter().skip(2).take(sorted.len().saturating_sub(4));
    inner
        .map(|sample| (sample - middle).abs() / middle * 100.0)
        .fold(0.0, f64::max)
}
