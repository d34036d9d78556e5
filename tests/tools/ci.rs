//! The checks that a change must pass are those that people are told to run.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

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
    // The fastest checks first: a stale lock file should not be found after everything else.
    ensure!(
        commands == ["make locks", "make test", "make check"],
        "{commands:?}"
    );
    ensure!(ci.contains("set -euo pipefail"), "a failure must end it");
    ensure!(ci.contains("\ntools/prerequisites.sh test --without-rust\n"));
    Ok(())
}

/// The lock files below a folder, but for what is built or installed. Git may be missing.
fn find_locks(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if name == "Cargo.lock" {
            found.push(entry.path());
        } else if entry.file_type()?.is_dir() && name != "target" && !name.to_string_lossy().starts_with('.')
        {
            find_locks(&entry.path(), found)?;
        }
    }
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
    let mut locked = Vec::new();
    find_locks(locate::workspace(), &mut locked)?;
    let named: BTreeSet<_> = checked
        .iter()
        .map(|manifest| locate::workspace().join(manifest))
        .collect();
    let locked: BTreeSet<_> = locked
        .iter()
        .map(|lock| lock.with_file_name("Cargo.toml"))
        .collect();
    ensure!(!locked.is_empty() && named == locked, "{named:?} {locked:?}");
    Ok(())
}
