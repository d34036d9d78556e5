//! The commands, one file each.

mod certs;
mod check;
mod eval;
mod explain;
mod inputs;
mod probe;
mod render;
mod test;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::exit::Exit;

/// Tests, explains and checks Istio authorization policies with the very module that Envoy loads.
#[derive(Debug, Parser)]
#[command(name = "peerwarden", version, propagate_version = true, max_term_width = 100)]
#[command(
    after_help = "Exit codes: 0 fine; 1 findings, failed tests or another verdict than expected; \
                        2 wrong usage or invalid input; 3 internal error."
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run test suites (`*_test.yaml`).
    Test(test::Arguments),
    /// Decide cases from standard input, one JSON object a line.
    Eval(eval::Arguments),
    /// Show how one case is decided: each policy, rule and clause, and why.
    Explain(explain::Arguments),
    /// Validate policies, suites, or an Envoy's configuration: where what is wrong, and what to write instead.
    Check(check::Arguments),
    /// Write Envoy's configuration for a workload.
    Render(render::Arguments),
    /// Make a mesh's certificates, for local use.
    Certs(certs::Arguments),
    /// Say what ports really accept: mutual TLS, TLS, plaintext.
    Probe(probe::Arguments),
}

/// Runs one command.
///
/// # Errors
/// What is nobody's input: a module that is not there, output that cannot be written.
pub(crate) fn run(arguments: Arguments) -> Result<Exit> {
    match arguments.command {
        Command::Test(arguments) => test::run(arguments),
        Command::Eval(arguments) => eval::run(arguments),
        Command::Explain(arguments) => explain::run(arguments),
        Command::Check(arguments) => check::run(arguments),
        Command::Render(arguments) => render::run(arguments),
        Command::Certs(arguments) => certs::run(arguments),
        Command::Probe(arguments) => probe::run(arguments),
    }
}
