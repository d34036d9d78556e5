//! A machine with only what a test provides.

use std::collections::BTreeSet;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use peerwarden_lab::locate;
use tempfile::TempDir;

/// Programs that every script of `tools/` may assume.
const BASE: [&str; 15] = [
    "bash", "cat", "cut", "dirname", "env", "fold", "grep", "head", "id", "mktemp", "rm", "sed", "sort",
    "timeout", "uname",
];

/// A folder that is the whole `PATH`.
pub(crate) struct Machine {
    path: TempDir,
}

/// How a script ended, and its messages.
pub(crate) struct Ending {
    pub(crate) succeeded: bool,
    pub(crate) printed: String,
    pub(crate) said: String,
}

impl Machine {
    /// A machine with a shell and standard tools.
    pub(crate) fn bare() -> Result<Self> {
        let path = tempfile::Builder::new().prefix("peerwarden-machine-").tempdir()?;
        let machine = Self { path };
        for name in BASE {
            let program = found(name).with_context(|| format!("`{name}` is not installed"))?;
            symlink(program, machine.path.path().join(name))?;
        }
        Ok(machine)
    }

    /// The same machine without programs whose names begin like this.
    pub(crate) fn without(prefixes: &[&str]) -> Result<Self> {
        let path = tempfile::Builder::new().prefix("peerwarden-machine-").tempdir()?;
        let mut seen = BTreeSet::new();
        for folder in std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()) {
            for entry in std::fs::read_dir(folder).into_iter().flatten() {
                let entry = entry?;
                let name = entry.file_name().to_string_lossy().into_owned();
                let is_left_out = prefixes.iter().any(|prefix| name.starts_with(prefix));
                if !is_left_out && seen.insert(name.clone()) {
                    symlink(entry.path(), path.path().join(name))?;
                }
            }
        }
        Ok(Self { path })
    }

    /// Adds a program with this name, a shell script.
    pub(crate) fn with(self, name: &str, script: &str) -> Result<Self> {
        let program = self.path.path().join(name);
        // Not through a link to the machine's own.
        let _ = std::fs::remove_file(&program);
        std::fs::write(&program, format!("#!/usr/bin/env bash\n{script}\n"))?;
        std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755))?;
        Ok(self)
    }

    /// Runs a script of `tools/` with these arguments and variables.
    pub(crate) fn run(&self, words: &[&str], variables: &[(&str, &str)]) -> Result<Ending> {
        let (script, arguments) = words.split_first().context("a script's name")?;
        let output = Command::new(locate::workspace().join("tools").join(script))
            .args(arguments)
            .env("PATH", self.path.path())
            .env_remove("PEERWARDEN_RUSTC")
            .env_remove("PEERWARDEN_INSTALL")
            .envs(variables.iter().copied())
            .output()?;
        Ok(Ending {
            succeeded: output.status.success(),
            printed: String::from_utf8(output.stdout)?,
            said: String::from_utf8(output.stderr)?,
        })
    }
}

/// The path of a program on this machine.
fn found(name: &str) -> Option<std::path::PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|program| Path::is_file(program))
}
