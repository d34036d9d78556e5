//! What decides whether a change may land is what people are told to run.

use std::process::Command;

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
    // What takes seconds first: a stale lock file should not be found after everything else.
    ensure!(
        commands == ["make locks", "make test", "make check"],
        "{commands:?}"
    );
    ensure!(ci.contains("set -euo pipefail"), "a failure must end it");
    ensure!(ci.contains("\ntools/prerequisites.sh test --without-rust\n"));
    Ok(())
}

#[test]
fn each_lock_file_that_is_committed_is_checked() -> Result<()> {
    let makefile = std::fs::read_to_string(locate::workspace().join("Makefile"))?;
    let checked: Vec<&str> = makefile
        .lines()
        .find_map(|line| line.strip_prefix("MANIFESTS := "))
        .unwrap_or_default()
        .split(' ')
        .collect();
    let listed = Command::new("git")
        .args(["ls-files", "Cargo.lock", "*/Cargo.lock"])
        .current_dir(locate::workspace())
        .output()?;
    let committed: Vec<String> = String::from_utf8(listed.stdout)?
        .lines()
        .map(|lock| lock.replace("Cargo.lock", "Cargo.toml"))
        .collect();
    ensure!(
        !committed.is_empty() && checked == committed,
        "{checked:?} {committed:?}"
    );
    Ok(())
}
