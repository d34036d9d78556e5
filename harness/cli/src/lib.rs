//! The command line: tests, explains and checks authorization policies with the very module that Envoy loads.
//!
//! It connects: what a policy means is the engine's, how Envoy behaves is the host's, and each crate beside this one has one idea. `command` has
//! a file for each command; `analysis` words what `diff`, `who-can`, `can-ever` and `matrix` find; `command/schema` makes the JSON Schemas.

mod admin;
mod analysis;
mod command;
mod error;
mod exit;
mod line_explainer;
mod policy_source;
mod progress;
mod refusal_report;
mod threads;

pub use command::schema::Schema;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use error::Error;
use exit::Exit;

/// The command and those below it, with their options: what help, man pages and completions are made of.
pub fn command_line() -> clap::Command {
    command::Arguments::command()
}

/// Runs the command that the arguments of this process say.
pub fn run() -> ExitCode {
    let arguments = match command::Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are answers, not errors. That standard output is closed is nobody's fault.
            let _ = error.print();
            let exit = if error.use_stderr() {
                Exit::Invalid
            } else {
                Exit::Fine
            };
            return exit.into();
        }
    };
    command::run(arguments).unwrap_or_else(Error::report).into()
}
