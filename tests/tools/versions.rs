//! Which versions of Envoy are supported is said in `tools/envoy.sh`, and pages that say so too say the same.

use anyhow::{Context, Result, ensure};
use peerwarden_lab::locate;

use crate::machine::Machine;

/// The versions that the tests can run with, the oldest first.
fn versions() -> Result<Vec<String>> {
    let asked = Machine::without(&[])?.run(&["envoy.sh", "--versions"], &[])?;
    ensure!(asked.succeeded, "{}", asked.said);
    Ok(asked.printed.split_whitespace().map(str::to_owned).collect())
}

#[test]
fn pages_name_the_versions_that_are_supported() -> Result<()> {
    let versions = versions()?;
    let (first, last) = versions.first().zip(versions.last()).context("no versions")?;
    let range = format!("Envoy {first} to {last}");
    let read = |name: &str| std::fs::read_to_string(locate::workspace().join(name));
    for (page, times) in [
        ("docs/guarantees.md", 2),
        ("harness/guarantees/src/settings/fields.rs", 1),
    ] {
        let named = read(page)?.matches(&range).count();
        ensure!(
            named == times,
            "{page} names `{range}` {named} times, expected {times}"
        );
    }
    let page = read("docs/mtls.md")?;
    let table = format!("| question | {} |", versions.join(" | "));
    ensure!(page.contains(&table), "docs/mtls.md has no `{table}`");
    Ok(())
}
