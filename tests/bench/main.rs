//! Measures the cost of the module on a real Envoy, compared with no filter, the cheapest Wasm filters and Envoy's own
//! RBAC filter: Envoy's CPU for each request or connection over mutual TLS, and the latency for callers, in many short
//! rounds that alternate, so that a busy machine affects all of them alike.
//!
//! `bench` writes `docs/benchmarks.md` and the plot, and ends with an error if a target is missed. `bench --quick`
//! measures less, in a minute or two, and writes neither; nor does `bench --only TEXT`, which only measures cells with
//! this text in their names, or `bench --beside FILE`, which compares another build of the module with the current one.

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

use load::Load;
use plan::Cell;
use results::{CellSamples, Results};
use stage::Stage;

/// The number of rounds; the median is reported.
const ROUNDS: usize = 25;

/// The number of rounds with `--quick`.
const FEW_ROUNDS: usize = 5;

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

    /// The number of rounds.
    #[arg(long, value_name = "COUNT")]
    rounds: Option<usize>,
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
    if !arguments.beside.is_empty() {
        let cells = plan::beside(arguments.beside.len());
        let results = measure(&cells, arguments.rounds.unwrap_or(ROUNDS), &arguments.beside).await?;
        println!("{}", table::builds(&results, &arguments.beside));
        return Ok(true);
    }
    let start = Instant::now();
    let busy = machine::load_average();
    let (mut cells, rounds, starts) = if arguments.quick {
        (plan::quick(), FEW_ROUNDS, 1)
    } else {
        (plan::cells(), ROUNDS, STARTS)
    };
    let mut configured = Vec::new();
    if arguments.only.is_empty() {
        eprintln!("configuring, {starts} times each");
        configured = configuring::measure(starts).await?;
    } else {
        plan::only(&mut cells, &arguments.only);
    }
    let results = measure(&cells, arguments.rounds.unwrap_or(rounds), &[]).await?;
    let verdicts = verdicts::judge(&results, &configured);
    let machine = machine::describe(start.elapsed(), &busy)?;
    let text = page::text(&machine, &results, &configured, &verdicts);
    println!("{text}");
    if !arguments.quick && arguments.only.is_empty() {
        let page = page::write(&text, &results)?;
        eprintln!("wrote {}", page.display());
    }
    let missed: Vec<_> = verdicts.iter().filter(|verdict| !verdict.met).collect();
    for verdict in &missed {
        eprintln!(
            "not met: {}: {}, measured {}",
            verdict.what, verdict.target, verdict.measured
        );
    }
    eprintln!(
        "{} of {} targets met",
        verdicts.len() - missed.len(),
        verdicts.len()
    );
    Ok(missed.is_empty())
}

async fn measure(cells: &[Cell], rounds: usize, beside: &[PathBuf]) -> Result<Results> {
    eprintln!("starting Envoy with {} things to measure", cells.len());
    let stage = Stage::open(cells, beside).await?;
    eprintln!("connecting, and warming up");
    let mut loads = Vec::new();
    let mut samples = Vec::new();
    for &cell in cells {
        loads.push(
            Load::open(&stage, cell)
                .await
                .with_context(|| format!("{cell:?}"))?,
        );
        samples.push(CellSamples {
            cell,
            rounds: Vec::new(),
            latencies: Default::default(),
        });
    }
    for round in 1..=rounds {
        eprintln!("round {round} of {rounds}");
        for (load, sampled) in loads.iter_mut().zip(&mut samples) {
            let measured = load
                .measure(&stage)
                .await
                .with_context(|| format!("{:?}", sampled.cell))?;
            sampled.rounds.push(measured.cpu);
            sampled.latencies.extend(measured.latencies);
        }
    }
    Ok(Results::of(samples))
}
