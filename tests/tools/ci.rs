//! What decides whether a change may land is what people are told to run.

use anyhow::{Result, ensure};
use peerwarden_lab::locate;

#[test]
fn ci_runs_what_the_readme_says_and_the_checks() -> Result<()> {
    let read = |name: &str| std::fs::read_to_string(locate::workspace().join(name));
    let (ci, readme) = (read(".ci/run")?, read("README.md")?);
    ensure!(readme.lines().any(|line| line == "    make test"));
    let commands: Vec<&str> = ci
        .lines()
        .map(str::trim)
        .filter(|line| line.starts_with("make "))
        .collect();
    ensure!(commands == ["make test", "make check"], "{commands:?}");
    ensure!(ci.contains("set -euo pipefail"), "a failure must end it");
    ensure!(ci.contains("\ntools/prerequisites.sh test --without-rust\n"));
    Ok(())
}
