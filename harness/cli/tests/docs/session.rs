//! Runs a page: one shell, in a folder of its own, as a reader would.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use walkdir::WalkDir;

use crate::page::{Page, Step};
use crate::workspace;

/// Puts the output of each command apart.
const END: char = '\0';

/// The columns of the terminal that the pages show.
const COLUMNS: &str = "80";

/// The lines that each command of the page prints.
///
/// Pages of `docs/commands` begin in a copy of `docs/examples`, all others in an empty folder. A page that says
/// `<!-- port: 15006 -->` means by this number a port that is free when it runs.
///
/// # Errors
/// A shell that does not run to its end.
pub(crate) fn run(page: &Page) -> Result<Vec<Vec<String>>> {
    let folder = tempfile::tempdir()?;
    let (work, bin) = (folder.path().join("work"), folder.path().join("bin"));
    std::fs::create_dir(&bin)?;
    let command = assert_cmd::cargo::cargo_bin("peerwarden");
    std::os::unix::fs::symlink(&command, bin.join("peerwarden"))?;
    if page.path.starts_with(workspace().join("docs/commands")) {
        copy(&workspace().join("docs/examples"), &work)?;
    } else {
        std::fs::create_dir(&work)?;
    }
    let port = page
        .note("port")
        .map(|shown| Ok::<_, anyhow::Error>((shown, free_port()?)));
    let port = port.transpose()?;
    let mut script = script(page);
    if let Some((shown, free)) = &port {
        script = script.replace(shown, free);
    }
    let shell = Command::new("bash")
        .args(["--noprofile", "--norc", "-c", &script])
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
    if let Some((shown, free)) = &port {
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

/// The page in the shell's words.
fn script(page: &Page) -> String {
    // What runs in the background ends with the page.
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

/// What was printed, without what ends a line unseen; of digests, that there is one.
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

/// The module that the command finds, as it names it.
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

fn free_port() -> Result<String> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    Ok(listener.local_addr()?.port().to_string())
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
