//! What is printed.

use std::fmt::Write;

use anyhow::{Context, Result};

use crate::stage::{Filter, Measured};

/// A line for each listener: the median of its rounds, the spread of the middle ones, and what is added to no filter.
pub(crate) fn markdown(listeners: &[Measured], samples: &[Vec<f64>]) -> Result<String> {
    let place = |wanted: Filter| listeners.iter().position(|listener| listener.filter == wanted);
    let none = place(Filter::None).context("no listener without a filter")?;
    let base = median(&samples[none]);
    let mut text =
        String::from("| filter, policies | us for each request | spread | added |\n|---|---:|---:|---:|\n");
    for (listener, samples) in listeners.iter().zip(samples) {
        let mut sorted = samples.clone();
        sorted.sort_by(f64::total_cmp);
        let (low, high) = (
            sorted[sorted.len() / 4],
            sorted[sorted.len() - 1 - sorted.len() / 4],
        );
        let median = median(samples);
        // Writing to a `String` cannot fail.
        let _ = writeln!(
            text,
            "| {} | {median:.1} | {low:.1} to {high:.1} | {:+.1} |",
            listener.name,
            median - base
        );
    }
    Ok(text)
}

fn median(samples: &[f64]) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}
