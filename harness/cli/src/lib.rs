//! The command line: tests, explains and checks authorization policies with the module that Envoy loads.
//!
//! It connects the other crates: the engine gives policies their meaning, the host simulates Envoy, and each other
//! crate has one purpose. `command` has a file for each command; `analysis` presents the results of `diff`, `who-can`,
//! `can-ever` and `matrix`; `command/schema` generates the JSON Schemas.

mod admin;
mod analysis;
mod command;
mod error;
mod exit;
mod failure_report;
mod finding_report;
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

/// The command and its subcommands, with their options: the source of help, man pages and completions.
pub fn command_line() -> clap::Command {
    command::Arguments::command()
}

/// Runs the command in the arguments of this process.
pub fn run() -> ExitCode {
    let arguments = match command::Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are answers, not errors. If standard output is closed, nothing can be done.
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
