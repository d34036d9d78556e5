//! What a decision costs the module: host calls, bytes copied, fuel, allocations; what configuring it costs; how large it is.
//!
//! Printed on every run, and held against the table in ARCHITECTURE.md: host calls exactly, sizes and fuel within a tenth.
//! After a change that is meant, `PEERWARDEN_BLESS=1 cargo test -p peerwarden-tests --test budget` writes the table anew.

mod cases;
mod table;
mod targets;

use std::process::ExitCode;

use anyhow::{Context, Result};
use peerwarden_host::Module;
use peerwarden_lab::locate;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            anstream::eprintln!("{error:?}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let module = Module::from_file(locate::module()?)?;
    let mut rows = vec![table::Row::size(module.size())];
    for case in cases::all() {
        rows.push(case.measure(&module).with_context(|| case.name.clone())?);
    }
    let text = table::markdown(&rows);
    anstream::println!("\n{text}");
    targets::check(&rows)?;

    let path = locate::workspace().join("ARCHITECTURE.md");
    let document = std::fs::read_to_string(&path).context("ARCHITECTURE.md")?;
    if std::env::var_os("PEERWARDEN_BLESS").is_some() {
        std::fs::write(&path, table::replace(&document, &text)?)?;
        return Ok(());
    }
    table::compare(&table::find(&document)?, &rows)
}
