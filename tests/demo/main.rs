//! The demo: a real Envoy, real mutual TLS, several identities, and what each of them may do.
//!
//! `demo [--module FILE]` issues certificates, starts Envoy with the module in front of an HTTP and a TCP upstream, sends requests
//! as each caller, and prints each verdict with the rule that decided. The exit code is 0 if every verdict is as expected, 1 if
//! not, 2 if the demo could not run.

mod brief;
mod cast;
mod script;
mod stage;
mod table;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anstream::{eprintln, println};
use anyhow::{Context, Result, bail};
use peerwarden_lab::deadline::within;
use peerwarden_lab::locate;

use stage::Stage;
use table::Table;

/// The time limit of the whole demo.
const LIMIT: Duration = Duration::from_secs(60);

fn main() -> ExitCode {
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::from(2);
        }
    };
    match runtime.block_on(within(LIMIT, "the demo", play())) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Returns whether all results were as expected.
async fn play() -> Result<bool> {
    let Some(module) = arguments()? else {
        return Ok(true);
    };
    let stage = Stage::set(module).await?;
    table::heading(
        "Policies",
        "tests/demo/policies/, in the plugin configuration of both listeners",
    );
    for line in brief::describe(stage.documents()) {
        println!("  {line}");
    }
    println!();
    table::heading("Callers", "certificates issued just now, valid for 24 hours");
    for caller in cast::ALL {
        println!("  {:<11}{}", caller.name(), caller.description());
    }
    println!();
    table::heading("Traffic", stage.description());
    let mut table = Table::begin();
    let mut decided = 0;
    for scene in script::scenes() {
        let outcome = stage.play(&scene).await?;
        decided += u64::from(outcome.is_decided());
        table.row(&scene, &outcome);
    }
    table.end();
    println!();
    table::heading("Envoy's own counters", "");
    println!("{}", stage.counters(decided).await?);
    println!();
    table::next_steps();
    Ok(table.all_as_expected())
}

/// The module to load; `None` if only help was asked for.
fn arguments() -> Result<Option<PathBuf>> {
    let mut arguments = std::env::args_os().skip(1);
    let mut module = None;
    while let Some(argument) = arguments.next() {
        match argument.to_str() {
            Some("--module") => {
                module = Some(PathBuf::from(arguments.next().context("--module needs a file")?))
            }
            Some("--help" | "-h") => {
                println!("usage: demo [--module FILE]\n\nThe module is target/peerwarden.wasm unless given.");
                return Ok(None);
            }
            _ => bail!(
                "unknown argument `{}`\n  help: demo [--module FILE]",
                argument.display()
            ),
        }
    }
    Ok(Some(match module {
        Some(path) => locate::module_at(&path)?,
        None => locate::module()?,
    }))
}
