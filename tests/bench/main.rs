//! Measures the cost of the module on a real Envoy, compared with no filter, the cheapest Wasm filters and Envoy's own
//! RBAC filter and an external authorizer: Envoy's CPU for each request or connection over mutual TLS, and the latency for callers, in
//! many short rounds that alternate, so that a busy machine affects all of them alike; in several runs, and in each
//! [`Circumstance`].
//!
//! `bench` writes `docs/benchmarks.md` and the plot, and ends with an error if a target is missed. `bench --quick`
//! measures less, in a few minutes, and writes neither; nor does `bench --only TEXT`, which only measures cells with
//! this text in their names, or `bench --beside FILE`, which compares another build of the module with the current one.

mod circumstance;
mod configuring;
mod filters;
mod load;
mod machine;
mod numbers;
mod page;
mod plan;
mod plot;
mod results;
mod sets;
mod stage;
mod stall;
mod statistics;
mod table;
#[cfg(test)]
mod tests;
mod verdicts;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anstream::{eprintln, println};
use anyhow::{Context, Result};
use clap::Parser;

use circumstance::Circumstance;
use load::Load;
use plan::Cell;
use results::{CellSamples, RunSamples, Samples};
use stage::Stage;

/// How much is measured.
#[derive(Debug, Clone, Copy)]
struct Effort {
    /// Runs, each with an Envoy of its own: what a target says must hold in each.
    runs: usize,
    /// Rounds of a run in each circumstance; the median is reported.
    rounds: usize,
}

/// The usual effort.
const FULL: Effort = Effort { runs: 3, rounds: 9 };

/// The effort with `--quick`.
const QUICK: Effort = Effort { runs: 1, rounds: 5 };

/// The effort for builds that are compared with each other, in one run.
const BESIDE: Effort = Effort { runs: 1, rounds: 25 };

/// How often each Envoy is started to measure configuration.
const STARTS: usize = 3;

/// Measures the cost of the module on a real Envoy, compared with others.
#[derive(Parser)]
struct Arguments {
    /// Measures less, and writes nothing to docs/.
    #[arg(long)]
    quick: bool,

    /// Measures only cells with this text in their names, such as `http1-module`, and writes nothing to docs/.
    #[arg(long, value_name = "TEXT")]
    only: Vec<String>,

    /// Compares this build of the module with target/peerwarden.wasm, and measures nothing else; may be repeated.
    /// Writes nothing to docs/.
    #[arg(long, value_name = "FILE")]
    beside: Vec<PathBuf>,

    /// The number of rounds of each run.
    #[arg(long, value_name = "COUNT")]
    rounds: Option<usize>,

    /// Sweeps the processor's caches until it is killed: the busy neighbour.
    #[arg(long = circumstance::NEIGHBOUR, hide = true)]
    neighbour: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("error: {error:?}");
            ExitCode::from(2)
        }
    }
}

/// Returns whether all targets are met.
async fn run(arguments: Arguments) -> Result<bool> {
    if arguments.neighbour {
        circumstance::sweep();
    }
    let effort = |usual: Effort| Effort {
        rounds: arguments.rounds.unwrap_or(usual.rounds),
        ..usual
    };
    if !arguments.beside.is_empty() {
        let cells = plan::beside(arguments.beside.len());
        let alone = [Circumstance::Alone];
        let samples = measure(&cells, &alone, effort(BESIDE), &arguments.beside).await?;
        println!(
            "{}",
            table::builds(&samples.all(Circumstance::Alone), &arguments.beside)
        );
        return Ok(true);
    }
    let start = Instant::now();
    let busy = machine::load_average();
    let (mut cells, usual, starts) = if arguments.quick {
        (plan::quick(), QUICK, 1)
    } else {
        (plan::cells(), FULL, STARTS)
    };
    let (mut configured, mut stalls) = (Vec::new(), Vec::new());
    if arguments.only.is_empty() {
        eprintln!("configuring, {starts} times each");
        configured = configuring::measure(starts).await?;
        eprintln!("updating, while requests come");
        stalls = stall::measure().await?;
    } else {
        plan::only(&mut cells, &arguments.only);
    }
    let samples = measure(&cells, &Circumstance::ALL, effort(usual), &[]).await?;
    let verdicts = verdicts::judge(&samples, &configured, &stalls);
    let machine = machine::describe(start.elapsed(), &busy)?;
    let text = page::text(&machine, &samples, &configured, &stalls, &verdicts);
    println!("{text}");
    if !arguments.quick && arguments.only.is_empty() {
        let page = page::write(&text, &samples)?;
        eprintln!("wrote {}", page.display());
    }
    let missed: Vec<_> = verdicts.iter().filter(|verdict| !verdict.met).collect();
    for verdict in &missed {
        eprintln!(
            "not met: {}: {}, measured {}",
            verdict.what,
            verdict.target,
            verdict.measured.join(", ")
        );
    }
    eprintln!(
        "{} of {} targets met",
        verdicts.len() - missed.len(),
        verdicts.len()
    );
    Ok(missed.is_empty())
}

/// Measures all cells in some circumstances, in several runs, each with an Envoy of its own.
async fn measure(
    cells: &[Cell],
    circumstances: &[Circumstance],
    effort: Effort,
    beside: &[PathBuf],
) -> Result<Samples> {
    let mut samples = Samples::default();
    for run in 1..=effort.runs {
        eprintln!(
            "run {run} of {}: starting Envoy with {} things to measure",
            effort.runs,
            cells.len()
        );
        let stage = Stage::open(cells, beside).await?;
        eprintln!("connecting, and warming up");
        let mut loads = Vec::new();
        for &cell in cells {
            let load = Load::open(&stage, cell).await;
            loads.push((cell, load.with_context(|| format!("{cell:?}"))?));
        }
        let mut sampled = RunSamples::new();
        for round in 1..=effort.rounds {
            for &circumstance in circumstances {
                eprintln!("round {round} of {}, {}", effort.rounds, circumstance.as_str());
                let _neighbour = circumstance.neighbour()?;
                let measured = loads.iter_mut().filter(|(cell, _)| circumstance.has(*cell));
                let sampled = sampled.entry(circumstance).or_default();
                for (place, (cell, load)) in measured.enumerate() {
                    let measurement = load.measure(&stage, circumstance).await;
                    let measurement = measurement.with_context(|| format!("{cell:?}"))?;
                    if sampled.len() == place {
                        sampled.push(CellSamples::of(*cell));
                    }
                    if let Some(samples) = sampled.get_mut(place) {
                        samples.add(measurement);
                    }
                }
            }
        }
        samples.0.push(sampled);
    }
    Ok(samples)
}
