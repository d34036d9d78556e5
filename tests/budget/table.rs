//! The table of docs/costs.md, between two marks.

use std::fmt::Write;

use anyhow::{Context, Result, bail};
use peerwarden_lab::marks;
use peerwarden_lab::numbers::grouped;

/// The name of the marks.
const NAME: &str = "budget";

/// One line. The module's size is in the column of bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) host_calls: u64,
    pub(crate) bytes: u64,
    pub(crate) fuel: u64,
    pub(crate) allocations: u64,
}

impl Row {
    pub(crate) fn size(name: &str, bytes: usize) -> Self {
        Self {
            name: name.to_owned(),
            host_calls: 0,
            bytes: bytes as u64,
            fuel: 0,
            allocations: 0,
        }
    }

    fn read(line: &str) -> Option<Self> {
        let mut cells = line.trim().trim_matches('|').split('|').map(str::trim);
        let name = cells.next()?.to_owned();
        let mut number = || cells.next()?.replace(',', "").parse().ok();
        Some(Self {
            name,
            host_calls: number()?,
            bytes: number()?,
            fuel: number()?,
            allocations: number()?,
        })
    }
}

/// The table as text.
pub(crate) fn markdown(rows: &[Row]) -> String {
    let mut text =
        String::from("| decision | host calls | bytes | fuel | allocations |\n|---|---:|---:|---:|---:|\n");
    for row in rows {
        // Writing to a `String` cannot fail.
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} |",
            row.name,
            grouped(row.host_calls),
            grouped(row.bytes),
            grouped(row.fuel),
            grouped(row.allocations),
        );
    }
    text
}

/// The table in a document.
pub(crate) fn find(document: &str) -> Result<Vec<Row>> {
    let lines = marks::between(document, NAME)?.lines().skip(2);
    lines
        .map(|line| Row::read(line).with_context(|| format!("docs/costs.md: `{line}`")))
        .collect()
}

/// The document with another table.
pub(crate) fn replace(document: &str, table: &str) -> Result<String> {
    marks::replace(document, NAME, table)
}

/// Whether the table matches the measurements.
pub(crate) fn compare(written: &[Row], measured: &[Row]) -> Result<()> {
    let names = |rows: &[Row]| rows.iter().map(|row| row.name.clone()).collect::<Vec<_>>();
    if names(written) != names(measured) {
        bail!("docs/costs.md lists other decisions; PEERWARDEN_BLESS=1 writes its table again");
    }
    let near = |written: u64, measured: u64| written.abs_diff(measured) <= measured / 10;
    for (written, measured) in written.iter().zip(measured) {
        let same = written.host_calls == measured.host_calls
            && written.allocations == measured.allocations
            && near(written.bytes, measured.bytes)
            && near(written.fuel, measured.fuel);
        if !same {
            bail!(
                "docs/costs.md says {written:?}, measured is {measured:?}; if that is meant, PEERWARDEN_BLESS=1 writes its table again"
            );
        }
    }
    Ok(())
}
