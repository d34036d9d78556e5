//! The cost of a decision in the module: host calls, bytes copied, fuel, allocations; the cost of configuring it; its
//! size.
//!
//! Printed on every run, and compared with the table in docs/costs.md: host calls exactly, sizes and fuel within a
//! tenth. After an intended change, `PEERWARDEN_BLESS=1 cargo test -p peerwarden-tests --test budget` writes the table
//! again.

mod cases;
mod table;
mod targets;

use std::io::Write;
use std::process::ExitCode;

use anyhow::{Context, Result};
use flate2::Compression;
use flate2::write::GzEncoder;
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
    let path = locate::module()?;
    let module = Module::from_file(&path)?;
    let mut rows = vec![
        table::Row::size("the module itself", module.size()),
        table::Row::size("the module itself, gzip", gzip(&std::fs::read(&path)?)?),
    ];
    for case in cases::all() {
        rows.push(case.measure(&module).with_context(|| case.name.clone())?);
    }
    let text = table::markdown(&rows);
    anstream::println!("\n{text}");
    targets::check(&rows)?;

    let path = locate::workspace().join("docs/costs.md");
    let document = std::fs::read_to_string(&path).context("docs/costs.md")?;
    if std::env::var_os("PEERWARDEN_BLESS").is_some() {
        std::fs::write(&path, table::replace(&document, &text)?)?;
        return Ok(());
    }
    table::compare(&table::find(&document)?, &rows)
}

/// The compressed size of these bytes, as in the layers of an image.
fn gzip(bytes: &[u8]) -> Result<usize> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?.len())
}
