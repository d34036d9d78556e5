//! Runs a page: one shell, in a folder of its own, as a reader would.

use std::net::TcpListener;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use walkdir::WalkDir;

use crate::page::{Page, Step};
use crate::workspace;

/// Separates the outputs of commands.
const END: char = '\0';

/// The time limit of a page in seconds.
const PATIENCE: &str = "180";

/// The columns of the terminal that the pages show.
const COLUMNS: &str = "80";

/// The output lines of each command of the page.
///
/// Pages of `docs/commands`, and README.md, begin in a copy of `docs/examples`, all others in an empty folder. On a
/// page with `<!-- ports: 8080 15000 -->`, these numbers stand for ports that are free when it runs.
///
/// # Errors
///
/// If a shell does not run to its end.
pub(crate) fn run(page: &Page) -> Result<Vec<Vec<String>>> {
    let folder = tempfile::tempdir()?;
    let (work, bin) = (folder.path().join("work"), folder.path().join("bin"));
    std::fs::create_dir(&bin)?;
    let command = assert_cmd::cargo::cargo_bin("peerwarden");
    symlink(&command, bin.join("peerwarden"))?;
    symlink(module()?, bin.join("peerwarden.wasm"))?;
    if let Some(envoy) = envoy()? {
        symlink(envoy, bin.join("envoy"))?;
    }
    if page.path.starts_with(workspace().join("docs/commands")) || page.path == workspace().join("README.md")
    {
        copy(&workspace().join("docs/examples"), &work)?;
    } else {
        std::fs::create_dir(&work)?;
    }
    let ports = free_ports(page)?;
    let mut script = script(page);
    for (shown, free) in &ports {
        script = script.replace(shown, free);
    }
    // A page that waits for ever is ended, and then lacks outputs.
    let shell = Command::new("timeout")
        .args([PATIENCE, "bash", "--noprofile", "--norc", "-c", &script])
        .current_dir(&work)
        .env_clear()
        .env("PATH", format!("{}:/usr/local/bin:/usr/bin:/bin", bin.display()))
        .env("HOME", folder.path())
        .env("PEERWARDEN_CACHE", concat!(env!("CARGO_TARGET_TMPDIR"), "/cache"))
        .env("COLUMNS", COLUMNS)
        .env("LC_ALL", "C.UTF-8")
        .env("TZ", "UTC")
        .envs(std::env::var_os("PEERWARDEN_MODULE").map(|module| ("PEERWARDEN_MODULE", module)))
        .stdin(Stdio::null())
        .output()
        .context("bash cannot be run")?;
    let mut printed = String::from_utf8(shell.stdout).context("it prints what is not UTF-8")?;
    let module = module()?;
    printed = printed.replace(&module, "peerwarden.wasm");
    printed = printed.replace(&format!("{}/", work.display()), "");
    for (shown, free) in &ports {
        printed = printed.replace(free, shown);
    }
    let mut outputs: Vec<Vec<String>> = printed.split(END).map(lines).collect();
    let after = outputs.pop().unwrap_or_default();
    let commands = page.commands().count();
    ensure!(
        outputs.len() == commands,
        "{} of {commands} commands ran; then: {after:?} {}",
        outputs.len(),
        String::from_utf8_lossy(&shell.stderr)
    );
    Ok(outputs)
}

/// The page as a shell script.
fn script(page: &Page) -> String {
    // Background processes end with the page.
    let mut script = String::from("exec 2>&1\ntrap 'kill $(jobs -p) 2>/dev/null' EXIT\n");
    for step in &page.steps {
        match step {
            Step::Write { name, text } => {
                let write = format!(
                    "mkdir -p \"$(dirname {name})\"\ncat > {name} <<'END-OF-{name}'\n{text}END-OF-{name}\n"
                );
                script.push_str(&write);
            }
            Step::Run(command) => {
                // The command's own exit code is `$?` for the next one.
                script.push_str(&command.text);
                script.push_str("\ncode=$?; printf '\\0'; (exit $code)\n");
            }
        }
    }
    script
}

/// The output without invisible line endings; digests are replaced by a placeholder.
fn lines(printed: &str) -> Vec<String> {
    let printed = printed.trim_end();
    let line = |line: &str| {
        let words = line.trim_end().split(' ').map(|word| {
            let digest = word.trim_end_matches(')');
            let is_digest = digest.len() == 64 && digest.chars().all(|ch| ch.is_ascii_hexdigit());
            if is_digest {
                word.replace(digest, "…")
            } else {
                word.to_owned()
            }
        });
        words.collect::<Vec<_>>().join(" ")
    };
    printed.lines().map(line).collect()
}

/// The path of the module, as the command prints it.
fn module() -> Result<String> {
    let given = std::env::var("PEERWARDEN_MODULE");
    let path = match given {
        Ok(given) => return Ok(given),
        Err(_) => workspace().join("target/peerwarden.wasm"),
    };
    match path.canonicalize() {
        Ok(path) => Ok(path.display().to_string()),
        Err(_) => bail!("there is no `{}`: build it with `make wasm`", path.display()),
    }
}

/// A free port for each port on the page.
fn free_ports(page: &Page) -> Result<Vec<(&str, String)>> {
    // All are held until each is known, so that no two are equal.
    let mut held = Vec::new();
    for shown in page.ports() {
        held.push((shown, TcpListener::bind(("127.0.0.1", 0))?));
    }
    let free = held
        .iter()
        .map(|(shown, listener)| Ok((*shown, listener.local_addr()?.port().to_string())));
    free.collect()
}

/// The path of Envoy: `PEERWARDEN_ENVOY`, or the one that `tools/envoy.sh` installed. A page that needs it fails if it
/// is missing.
fn envoy() -> Result<Option<PathBuf>> {
    if let Some(given) = std::env::var_os("PEERWARDEN_ENVOY") {
        return Ok(Some(PathBuf::from(given)));
    }
    let mut found = Vec::new();
    for entry in std::fs::read_dir(workspace().join(".tools"))? {
        let path = entry?.path().join("envoy");
        if path.is_file() {
            found.push(path.canonicalize()?);
        }
    }
    found.sort();
    Ok(found.pop())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    for entry in WalkDir::new(from) {
        let entry = entry?;
        let target = to.join(entry.path().strip_prefix(from)?);
        if entry.file_type().is_dir() {
            std::fs::create_dir(&target)?;
        } else {
            std::fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}
