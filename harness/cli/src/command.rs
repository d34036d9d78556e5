//! The commands, one file each.

mod analysis;
mod appearance;
mod can_ever;
mod certs;
pub(crate) mod check;
mod completions;
mod diff;
pub(crate) mod eval;
mod explain;
mod fmt;
mod init;
pub(crate) mod inputs;
mod man;
mod matrix;
mod mesh;
mod probe;
mod render;
mod replay;
mod repository;
mod request;
mod scan;
pub(crate) mod schema;
mod suggest;
mod tail;
mod test;
mod who_can;

use clap::{CommandFactory, Parser, Subcommand};

use crate::error::Result;
use crate::exit::Exit;

/// Test, explain and check Istio authorization policies with the same module that Envoy loads.
#[derive(Debug, Parser)]
#[command(name = "peerwarden", version, propagate_version = true, max_term_width = 100)]
#[command(
    after_help = "Exit codes: 0 success; 1 findings, failed tests or an unexpected verdict; 2 wrong usage or invalid \
                  input; 3 internal error."
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    appearance: appearance::Appearance,
}

/// The descriptions are at the arguments of each command: a comment here would replace them in `--help`.
#[derive(Debug, Subcommand)]
enum Command {
    Test(test::Arguments),
    Init(init::Arguments),
    Eval(eval::Arguments),
    Explain(Box<explain::Arguments>),
    Tail(tail::Arguments),
    Replay(replay::Arguments),
    Suggest(suggest::Arguments),
    Check(check::Arguments),
    Fmt(fmt::Arguments),
    Diff(diff::Arguments),
    WhoCan(who_can::Arguments),
    CanEver(can_ever::Arguments),
    Matrix(matrix::Arguments),
    Render(render::Arguments),
    Certs(certs::Arguments),
    Probe(probe::Arguments),
    Schema(schema::Arguments),
    Completions(completions::Arguments),
    Man(man::Arguments),
}

/// Runs one command.
///
/// # Errors
///
/// If there is no result.
pub(crate) fn run(arguments: Arguments) -> Result<Exit> {
    arguments.appearance.apply();
    match arguments.command {
        Command::Test(arguments) => test::run(arguments),
        Command::Init(arguments) => init::run(&arguments),
        Command::Eval(arguments) => eval::run(arguments),
        Command::Explain(arguments) => explain::run(*arguments),
        Command::Tail(arguments) => tail::run(&arguments),
        Command::Replay(arguments) => replay::run(arguments),
        Command::Suggest(arguments) => suggest::run(arguments),
        Command::Check(arguments) => check::run(arguments),
        Command::Diff(arguments) => diff::run(arguments),
        Command::WhoCan(arguments) => who_can::run(arguments),
        Command::CanEver(arguments) => can_ever::run(arguments),
        Command::Matrix(arguments) => matrix::run(arguments),
        Command::Render(arguments) => render::run(arguments),
        Command::Certs(arguments) => certs::run(arguments),
        Command::Probe(arguments) => probe::run(arguments),
        Command::Fmt(arguments) => fmt::run(&arguments),
        Command::Schema(arguments) => schema::run(&arguments),
        Command::Completions(arguments) => completions::run(&arguments, Arguments::command()),
        Command::Man(arguments) => man::run(&arguments, Arguments::command()),
    }
}
