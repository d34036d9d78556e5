//! A mesh's security FAQ, answered on a real Envoy: `faq [NAME…]` runs each experiment and prints a table with a line
//! of evidence for each.
//!
//! The exit code is 0 if every promise holds, 1 if one does not, 2 if nothing could be run.

mod docs;
mod entries;
mod entry;
mod questions;
mod stage;
mod table;

use std::process::ExitCode;

use anstream::eprintln;

use table::Table;

fn main() -> ExitCode {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let known = |name: &String| entries::ALL.iter().any(|entry| entry.name == name);
    if let Some(stranger) = wanted.iter().find(|name| !known(name)) {
        let names: Vec<&str> = entries::ALL.iter().map(|entry| entry.name).collect();
        eprintln!(
            "error: there is no entry `{stranger}`\n  help: known are {}",
            names.join(", ")
        );
        return ExitCode::from(2);
    }
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::from(2);
        }
    };
    let mut table = Table::begin();
    for entry in entries::ALL {
        if wanted.is_empty() || wanted.iter().any(|name| name == entry.name) {
            table.row(entry, &runtime.block_on(entry.answer()));
        }
    }
    if table.end() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
