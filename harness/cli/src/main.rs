//! The `peerwarden` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    peerwarden::run()
}
