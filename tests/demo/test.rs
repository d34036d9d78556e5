//! `make demo`, as a newcomer runs it.

use std::path::Path;
use std::process::{Command, Output};

use anyhow::Result;
use peerwarden_lab::locate;

fn demo(module: &Path) -> Result<Output> {
    Ok(Command::new(env!("CARGO_BIN_EXE_demo"))
        .arg("--module")
        .arg(module)
        .env("NO_COLOR", "1")
        .output()?)
}

#[test]
fn it_shows_each_verdict_and_the_rule_that_decided() -> Result<()> {
    let output = demo(&locate::module()?)?;
    let text = String::from_utf8(output.stdout)?;
    assert!(
        output.status.success(),
        "{text}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    for part in [
        "frontend-reads-orders rule 0",
        "no-admin rule 0",
        "ledger-strict",
        "16 of 16 as expected",
    ] {
        assert!(text.contains(part), "`{part}` is not in:\n{text}");
    }
    assert!(!text.contains('\u{1b}'), "coloured in spite of NO_COLOR");
    let widest = text.lines().map(|line| line.chars().count()).max();
    assert!(widest <= Some(100), "{widest:?} columns:\n{text}");
    Ok(())
}

#[test]
fn without_the_module_it_says_what_to_do() -> Result<()> {
    let output = demo(Path::new("no/such.wasm"))?;
    let text = String::from_utf8(output.stderr)?;
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("make wasm"), "{text}");
    Ok(())
}
