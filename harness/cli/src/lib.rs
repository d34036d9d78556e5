//! The command line: tests, explains and checks authorization policies with the very module that Envoy loads.
//!
//! It formats and wires: what a policy means is the engine's, how Envoy behaves is the host's. The way of the data:
//!
//! 1. `command` reads the arguments;
//! 2. `yaml` and `documents` read files, each value with its place in the text; `suite` reads suites;
//! 3. `setup` makes of them the plugin configuration, the same bytes for both engines;
//! 4. `engine` puts the traffic of [`traffic`] to the module in a simulated Envoy, to the native engine, or to both;
//! 5. `report`, `explain` and `diagnostic` say what came of it.
//!
//! `access_log` reads what Envoy wrote of real traffic, and `replay` decides it, as far as a line tells what that hangs on.

mod access_log;
mod analysis;
mod command;
mod count;
mod coverage;
pub mod decide;
mod diagnostic;
mod documents;
mod engine;
mod exit;
mod explain;
mod fix;
mod github;
mod handshake;
mod lint;
mod module;
mod output;
pub mod questions;
pub mod readers;
mod replay;
mod report;
mod running;
mod sarif;
pub mod schema;
mod settings;
mod setup;
mod snapshot;
mod source;
mod suggest;
mod suite;
mod tidy;
pub mod traffic;
mod why;
mod wording;
mod yaml;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};

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
    match command::run(arguments) {
        Ok(exit) => exit.into(),
        Err(error) => {
            diagnostic::print(&[diagnostic::Diagnostic::error(format!("{error:#}"))]);
            Exit::Internal.into()
        }
    }
}
