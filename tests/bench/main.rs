//! What the module costs on a real Envoy, beside no filter, the cheapest Wasm filters and Envoy's own RBAC filter: CPU of Envoy for
//! each request over mutual TLS, in rounds that take turns, so that a machine that is busy besides is so for all alike.

mod filters;
mod load;
mod policies;
mod stage;
mod table;

use std::process::ExitCode;

use anyhow::Result;

use stage::Stage;

/// Rounds over all listeners; what is reported is the median.
const ROUNDS: usize = 7;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            anstream::eprintln!("{error:?}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<()> {
    let stage = Stage::open().await?;
    let mut samples = vec![Vec::new(); stage.listeners.len()];
    for round in 0..ROUNDS {
        anstream::eprintln!("round {} of {ROUNDS}", round + 1);
        for (listener, samples) in stage.listeners.iter().zip(&mut samples) {
            samples.push(load::measure(&stage, listener).await?);
        }
    }
    anstream::println!("{}", table::markdown(&stage.listeners, &samples)?);
    Ok(())
}
