//! A release is built with one compiler, or says that it was not.

use anyhow::{Context, Result, ensure};
use peerwarden_lab::locate;

use crate::machine::Machine;

const SCRIPT: &[&str] = &["release-compiler.sh"];
const ANOTHER: &str = "rustc 1.99.0 (0123456789 2027-01-01)";

/// The compiler for releases, in its own version string.
fn wanted() -> Result<String> {
    let asked = Machine::bare()?.run(&["release-compiler.sh", "--wanted"], &[])?;
    Ok(asked.printed.trim().to_owned())
}

fn machine_with(compiler: &str) -> Result<Machine> {
    Machine::bare()?.with("rustc", &format!("echo '{compiler}'"))
}

#[test]
fn the_compiler_of_releases_is_taken() -> Result<()> {
    let ending = machine_with(&wanted()?)?.run(SCRIPT, &[])?;
    ensure!(ending.succeeded, "{}", ending.said);
    ensure!(ending.printed.trim() == wanted()?, "{}", ending.printed);
    Ok(())
}

#[test]
fn another_is_refused_with_how_to_get_it() -> Result<()> {
    let ending = machine_with(ANOTHER)?.run(SCRIPT, &[])?;
    ensure!(!ending.succeeded, "{}", ending.printed);
    for text in [
        &wanted()?,
        ANOTHER,
        "rustup toolchain install",
        "PEERWARDEN_RUSTC=any",
    ] {
        ensure!(
            ending.said.contains(text),
            "it does not say `{text}`:\n{}",
            ending.said
        );
    }
    Ok(())
}

#[test]
fn another_is_taken_on_purpose() -> Result<()> {
    let ending = machine_with(ANOTHER)?.run(SCRIPT, &[("PEERWARDEN_RUSTC", "any")])?;
    ensure!(
        ending.succeeded && ending.printed.trim() == ANOTHER,
        "{}",
        ending.said
    );
    let none = Machine::bare()?.run(SCRIPT, &[("PEERWARDEN_RUSTC", "any")])?;
    ensure!(!none.succeeded, "there is no compiler: {}", none.printed);
    Ok(())
}

#[test]
fn releases_take_no_older_compiler_than_the_source() -> Result<()> {
    let manifest = std::fs::read_to_string(locate::workspace().join("Cargo.toml"))?;
    let manifest: toml::Table = toml::from_str(&manifest)?;
    let oldest = manifest["workspace"]["package"]["rust-version"]
        .as_str()
        .context("rust-version is a text")?
        .to_owned();
    let minor = |version: &str| {
        version
            .split('.')
            .nth(1)
            .and_then(|minor| minor.parse::<u32>().ok())
    };
    let wanted = wanted()?;
    let version = wanted.split(' ').nth(1).context("its version")?;
    ensure!(minor(version) >= minor(&oldest), "{wanted}, {oldest}");
    Ok(())
}
